/** Docker's default: ctrl-p, ctrl-q. */
export const defaultDetachKeys: ReadonlyArray<number> = [16, 17]

const control: Readonly<Record<string, number>> = { "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, _: 31 }

/** Bytes of `ctrl-a,x,…`; undefined when it is not of Docker's form. Empty text means no detach keys. */
export const parseDetachKeys = (text: string): ReadonlyArray<number> | undefined => {
  if (text === "") return []
  const bytes = text.split(",").map((key) => {
    const match = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(key)
    const letter = match?.[1]
    if (letter !== undefined) return control[letter] ?? letter.toLowerCase().charCodeAt(0) - 96
    return key.length === 1 ? key.charCodeAt(0) : undefined
  })
  return bytes.every((byte) => byte !== undefined) ? bytes : undefined
}
