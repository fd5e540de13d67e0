import { writeSync } from "node:fs"
import { chroot } from "@sockerless/libc"
import { decompressed } from "./decompress.ts"
import { packTo } from "./pack.ts"
import type { HelperReply, HelperRequest } from "./protocol.ts"
import { Refusal, replyFor } from "./refusal.ts"
import { statOf } from "./stat.ts"
import { unpackFrom } from "./unpack.ts"
import { listChanges, packChanges } from "./upper.ts"

/**
 * A process of its own that confines itself to the container's root before it looks at any path, so that no link,
 * race or mount inside the container leads out of it: the kernel resolves every path below the new root.
 */
const REPLY_FD = 3

const reply = (message: HelperReply): void => {
  writeSync(REPLY_FD, `${JSON.stringify(message)}\n`)
}

const isRequest = (value: unknown): value is HelperRequest =>
  typeof value === "object" && value !== null && "operation" in value && "root" in value && "path" in value

const perform = async (request: HelperRequest): Promise<void> => {
  // Decompressors are programs of the host: they must be started before the host is out of sight.
  const input = request.operation === "unpack" ? await decompressed(process.stdin) : undefined
  chroot(request.root)
  process.chdir("/")
  process.umask(0)
  if (request.operation === "unpack" && input !== undefined) {
    await unpackFrom(request.path, input, request)
    reply({ ok: true })
    return
  }
  if (request.operation === "list-changes" || request.operation === "pack-changes") {
    reply({ ok: true })
    await (request.operation === "list-changes" ? listChanges : packChanges)(request.leaveOut, process.stdout)
    return
  }
  reply({ ok: true, stat: statOf(request.path) })
  if (request.operation === "pack") await packTo(request.path, process.stdout, new Set(request.leaveOut))
}

const request: unknown = JSON.parse(process.argv[2] ?? "null")
const CORRUPT = /Invalid tar header|Invalid header|Unexpected end of data|Checksum/i

/** What tar-stream, zlib and zstd say of corrupt data. */
const tarFault = (error: unknown): unknown =>
  error instanceof Error &&
  !(error instanceof Refusal) &&
  (CORRUPT.test(error.message) || ("code" in error && /^Z(STD)?_/.test(String(error.code))))
    ? new Refusal("invalid", `archive/tar: ${error.message}`)
    : error

try {
  if (!isRequest(request)) throw new Refusal("failed", "the archive helper takes one request as JSON")
  await perform(request)
} catch (error) {
  reply(replyFor(tarFault(error)))
  process.exitCode = 1
}
