import { createHash } from "node:crypto"
import { buffer } from "node:stream/consumers"
import { type Pack, pack } from "tar-stream"

/** An entry of a tar made by the library that everybody uses, to read with our own. */
export type MadeEntry = Parameters<Pack["entry"]>[0] & {
  readonly content?: string | Buffer
}

/** The bytes of a tar. */
export const madeTar = async (entries: ReadonlyArray<MadeEntry>): Promise<Buffer> => {
  const tar = pack()
  const whole = buffer(tar)
  for (const { content, ...header } of entries) {
    const headers = { mtime: new Date(1_700_000_000_000), ...header }
    if (content === undefined) tar.entry(headers)
    else tar.entry(headers, content)
  }
  tar.finalize()
  return whole
}

/** `sha256:…` of bytes. */
export const digestOf = (bytes: Buffer | string): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`
