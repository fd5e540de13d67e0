import type { RefUpdate } from "./refs.ts"

/** Git's framing: four hexadecimal digits of length, then that much. */
export const pktLine = (line: string): string => `${(Buffer.byteLength(line) + 4).toString(16).padStart(4, "0")}${line}`

/** The frame that ends a section. */
export const FLUSH = "0000"

export interface PushCommands {
  readonly updates: ReadonlyArray<RefUpdate>
  readonly capabilities: ReadonlyArray<string>
  /** Where the commands end and push options or the pack begin. */
  readonly length: number
}

/** What a push asks for, from the beginning of its body; undefined until all of it has arrived. */
export const parsePush = (body: Buffer): PushCommands | undefined => {
  const updates: Array<RefUpdate> = []
  let capabilities: ReadonlyArray<string> = []
  let at = 0
  for (;;) {
    if (body.length < at + 4) return undefined
    const length = Number.parseInt(body.toString("latin1", at, at + 4), 16)
    if (length === 0) return { updates, capabilities, length: at + 4 }
    if (Number.isNaN(length) || length < 4) throw new RangeError("the push is not in git's protocol")
    if (body.length < at + length) return undefined
    const [command = "", after] = body.toString("utf8", at + 4, at + length).split("\0")
    if (after !== undefined) capabilities = after.trim().split(" ")
    const [old = "", next = "", ref = ""] = command.trim().split(" ")
    if (ref !== "") updates.push({ ref, old, new: next })
    at += length
  }
}

/** A push's answer that rejects every command, as git itself prints rejections. */
export const rejectPush = (push: PushCommands, reasonOf: (update: RefUpdate) => string): string => {
  const report = [
    pktLine("unpack ok\n"),
    ...push.updates.map((update) => pktLine(`ng ${update.ref} ${reasonOf(update)}\n`)),
    FLUSH
  ].join("")
  if (!push.capabilities.includes("side-band-64k")) return report
  return `${pktLine(`\x01${report}`)}${FLUSH}`
}
