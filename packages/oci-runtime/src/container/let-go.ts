import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs"
import { Effect } from "effect"
import { bundleOf, type RuntimeFolders } from "./bundle.ts"
import type { Tools } from "./detect.ts"
import { reasonOf, RuntimeFailed } from "./faults.ts"
import { runCommand } from "./run-command.ts"
import { runtimeCommand } from "./runtime-command.ts"

const isErrno = (error: unknown, ...codes: ReadonlyArray<string>): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code)

/**
 * What `crun start` does, without a process: the waiting process holds the FIFO open and goes on when it reads a byte.
 * The FIFO is removed last, because its absence says that the process was let go. False when nobody waits any more.
 */
const throughFifo = (path: string): Effect.Effect<boolean, RuntimeFailed> =>
  Effect.try({
    try: () => {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
      try {
        writeSync(fd, "\0")
      } finally {
        closeSync(fd)
      }
      rmSync(path)
      return true
    },
    catch: (cause) => cause
  }).pipe(
    Effect.catch((cause) =>
      isErrno(cause, "ENOENT", "ENXIO", "EPIPE")
        ? Effect.succeed(false)
        : Effect.fail(new RuntimeFailed({ step: `let the process go by ${path}`, reason: reasonOf(cause) }))
    )
  )

/** Lets the process of a created container go; undefined when it went, otherwise why it could not. */
export const letGo = Effect.fn("oci.let-go")(function* (
  tools: Tools,
  folders: RuntimeFolders,
  id: string,
  monitorPid: number
): Effect.fn.Return<string | undefined, RuntimeFailed> {
  // runc's process waits for a reader instead; its own command knows how.
  if (tools.runtime.name === "crun" && (yield* throughFifo(bundleOf(folders, id).startFifo))) return undefined
  const started = yield* runCommand([...runtimeCommand(tools, folders, monitorPid), "start", id])
  return started.code === 0 ? undefined : started.stderr.trim() || `exit code ${started.code}`
})
