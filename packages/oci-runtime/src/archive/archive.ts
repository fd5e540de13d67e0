import { type ChildProcess, spawn } from "node:child_process"
import { PassThrough, type Readable } from "node:stream"
import type { FaultKind } from "@sockerless/faults"
import { Effect, Schema } from "effect"
import { reasonOf } from "../container/faults.ts"
import { pour } from "./pour.ts"
import type { FileOwner, FileStat, HelperReply, HelperRequest, RefusalKind } from "./protocol.ts"

/** The archive helper's refusal. `refusal` tells a missing path from a bad archive; the text is for the client. */
export class ArchiveFailed extends Schema.TaggedError<ArchiveFailed>()("ArchiveFailed", {
  refusal: Schema.Literals(["not-found", "not-a-directory", "read-only", "invalid", "no-space", "failed"]),
  path: Schema.String,
  text: Schema.String
}) {
  get kind(): FaultKind {
    const kinds: Readonly<Record<RefusalKind, FaultKind>> = {
      "not-found": "not-found",
      "not-a-directory": "invalid",
      "read-only": "invalid",
      invalid: "invalid",
      "no-space": "failed",
      failed: "failed"
    }
    return kinds[this.refusal]
  }
  override get message(): string {
    return this.text
  }
}

const Reply = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({
      ok: Schema.Literal(true),
      stat: Schema.optionalKey(
        Schema.Struct({
          name: Schema.String,
          size: Schema.Number,
          mode: Schema.Number,
          mtime: Schema.String,
          linkTarget: Schema.String
        })
      )
    }),
    Schema.Struct({
      ok: Schema.Literal(false),
      kind: Schema.Literals(["not-found", "not-a-directory", "read-only", "invalid", "no-space", "failed"]),
      text: Schema.String
    })
  ])
)
const decodeReply = Schema.decodeUnknownEffect(Reply)

/** How the helper is started: this Node with the helper's file. */
export interface ArchiveHelper {
  readonly file: URL
}

/** The helper from its source; a bundle passes its own built file. */
export const archiveHelperSource: ArchiveHelper = { file: new URL("./archive-helper.ts", import.meta.url) }

const start = (helper: ArchiveHelper, request: HelperRequest): ChildProcess =>
  spawn(process.execPath, ["--no-warnings", helper.file.pathname, JSON.stringify(request)], {
    stdio: [request.operation === "unpack" ? "pipe" : "ignore", "pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] }
  })

/** The first line the helper says, or why it said none. */
const firstReply = (child: ChildProcess, path: string): Effect.Effect<HelperReply, ArchiveFailed> =>
  Effect.flatMap(
    Effect.callback<string, ArchiveFailed>((resume) => {
      const channel = child.stdio[3] as Readable
      let said = ""
      let complaints = ""
      const fail = (text: string) => resume(Effect.fail(new ArchiveFailed({ refusal: "failed", path, text })))
      child.stderr?.setEncoding("utf8").on("data", (text: string) => (complaints += text))
      child.once("error", (error) => fail(error.message))
      channel.setEncoding("utf8").on("data", (text: string) => {
        said += text
        if (said.includes("\n")) resume(Effect.succeed(said.slice(0, said.indexOf("\n"))))
      })
      child.once("close", () => fail(`the archive helper ended without an answer: ${complaints.slice(0, 2000)}`))
    }),
    (line) =>
      Effect.mapError(
        decodeReply(line),
        (error) => new ArchiveFailed({ refusal: "failed", path, text: reasonOf(error) })
      )
  )

const refused = (reply: Extract<HelperReply, { readonly ok: false }>, path: string) =>
  new ArchiveFailed({ refusal: reply.kind, path, text: reply.text })

const statReply = Effect.fnUntraced(function* (
  child: ChildProcess,
  path: string
): Effect.fn.Return<FileStat, ArchiveFailed> {
  const reply = yield* firstReply(child, path)
  if (!reply.ok) return yield* Effect.fail(refused(reply, path))
  if (reply.stat === undefined) {
    return yield* Effect.fail(new ArchiveFailed({ refusal: "failed", path, text: "the archive helper told no stat" }))
  }
  return reply.stat
})

/** A helper that is not needed any more ends, whatever it is doing. */
const endOf = (child: ChildProcess): Effect.Effect<void> => Effect.sync(() => void child.kill("SIGKILL"))

/** Docker's stat of a path below `root`. */
export const statPath = (helper: ArchiveHelper, root: string, path: string): Effect.Effect<FileStat, ArchiveFailed> =>
  Effect.suspend(() => {
    const child = start(helper, { operation: "stat", root, path })
    return Effect.onInterrupt(statReply(child, path), () => endOf(child))
  })

/**
 * The helper's output, taken from its first moment: at a child's exit Node throws away what nobody reads yet, and a
 * small tar is written whole before the client asks for it.
 */
const outputOf = (child: ChildProcess): Output => {
  const stream = new PassThrough()
  child.stdout?.pipe(stream, { end: false })
  return { stream, closed: new Promise((resolve) => void child.once("close", () => resolve())) }
}

interface Output {
  readonly stream: PassThrough
  readonly closed: Promise<void>
}

/** Destroying the output ends the helper; it ends when the helper has ended well, else it is destroyed. */
const endingWith = (child: ChildProcess, { stream, closed }: Output, path: string): Readable => {
  stream.once("close", () => child.kill("SIGKILL"))
  const finish = async (): Promise<void> => {
    await closed
    if (child.exitCode === 0) stream.end()
    else if (!stream.destroyed) stream.destroy(new Error(`packing ${path} failed`))
  }
  void finish()
  return stream
}

/**
 * A tar of a path below `root`, without what is mounted at the `leaveOut` paths. Destroying the stream ends the
 * helper; a failure midway destroys the stream.
 */
export const packPath = (
  helper: ArchiveHelper,
  root: string,
  path: string,
  leaveOut: ReadonlyArray<string> = []
): Effect.Effect<{ readonly stat: FileStat; readonly tar: Readable }, ArchiveFailed> =>
  Effect.gen(function* () {
    const child = start(helper, { operation: "pack", root, path, leaveOut })
    const output = outputOf(child)
    const stat = yield* Effect.onInterrupt(statReply(child, path), () => endOf(child))
    return { stat, tar: endingWith(child, output, path) }
  })

/**
 * What an overlay's upper folder changes: as JSON lines of `UpperEntry`, or as an image layer's tar. Empty files and
 * folders at the `leaveOut` paths are taken for mount points. Destroying the stream ends the helper.
 */
export const upperChanges = (
  helper: ArchiveHelper,
  operation: "list-changes" | "pack-changes",
  upper: string,
  leaveOut: ReadonlyArray<string>
): Effect.Effect<Readable, ArchiveFailed> =>
  Effect.gen(function* () {
    const child = start(helper, { operation, root: upper, path: "/", leaveOut })
    const output = outputOf(child)
    const reply = yield* firstReply(child, "/")
    if (!reply.ok) return yield* Effect.fail(refused(reply, "/"))
    return endingWith(child, output, "/")
  })

/** Unpacks a tar, plain or compressed, into the folder `path` below `root`. Done when everything is written. */
export const unpackPath = (
  helper: ArchiveHelper,
  root: string,
  path: string,
  tar: Readable,
  options: { readonly noOverwriteDirNonDir: boolean; readonly owner?: FileOwner }
): Effect.Effect<void, ArchiveFailed> =>
  Effect.gen(function* () {
    const child = start(helper, { operation: "unpack", root, path, ...options })
    const stop = child.stdin === null ? () => undefined : pour(tar, child.stdin)
    // The helper stops reading when it refuses: what is left of the body is then nobody's.
    child.stdin?.on("error", stop)
    tar.once("error", () => child.kill("SIGKILL"))
    const reply = yield* Effect.onInterrupt(firstReply(child, path), () => endOf(child))
    stop()
    if (!reply.ok) return yield* Effect.fail(refused(reply, path))
  })
