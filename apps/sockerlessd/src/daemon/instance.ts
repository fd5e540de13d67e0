import { randomBytes } from "node:crypto"
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs"
import { join } from "node:path"

/**
 * The identity of this state directory, 32 hex digits, made once. Never derived from the host: a copied machine with a
 * copied state must be told apart by its owner, a renamed host must not. Durable before it is used.
 */
export const instanceId = (dataRoot: string): string => {
  const file = join(dataRoot, "instance-id")
  if (existsSync(file)) return readFileSync(file, "utf8").trim()
  const id = randomBytes(16).toString("hex")
  const draft = `${file}.new`
  const fd = openSync(draft, "w", 0o600)
  writeSync(fd, `${id}\n`)
  fsyncSync(fd)
  closeSync(fd)
  renameSync(draft, file)
  const folder = openSync(dataRoot, "r")
  fsyncSync(folder)
  closeSync(folder)
  return id
}
