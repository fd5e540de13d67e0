import type { AttachSession } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import { Readable } from "node:stream"
import { backendOf, containerEvent, type EngineContext, handleOf } from "../context.ts"
import { conflict, invalid } from "../faults.ts"
import type { AttachRequest, Containers } from "./containers.ts"
import { withDetachKeys } from "./detach.ts"
import { logDetails } from "./log-details.ts"

type LogRequest = Parameters<Containers["Service"]["logs"]>[1]

/** `docker logs`. */
export const logsOf = Effect.fn("engine.containers.logs")(function* (
  context: EngineContext,
  ref: string,
  options: LogRequest
): Effect.fn.Return<{ readonly output: Readable; readonly tty: boolean }, Fault> {
  if (!options.stdout && !options.stderr) {
    return yield* Effect.fail(invalid("Bad parameters: you must choose at least one stream"))
  }
  const entry = yield* context.book.resolve(ref)
  const { spec, state } = entry.snapshot
  if (state.status === "dead" || state.status === "removing") {
    return yield* Effect.fail(conflict("can not get logs from container which is dead or marked for removal"))
  }
  if (spec.logging.driver === "none") {
    return yield* Effect.fail(invalid("configured logging driver does not support reading"))
  }
  const backend = yield* backendOf(context, entry)
  const { tty } = spec.process
  const { details, ...rest } = options
  const detailsPrefix = details ? logDetails(spec) : ""
  const output = yield* backend.logs(yield* handleOf(entry), { ...rest, tty, detailsPrefix })
  return { output, tty }
})

/** `docker attach`: live output, replay, or both; input where the container keeps stdin open. */
export const attachTo = Effect.fn("engine.containers.attach")(function* (
  context: EngineContext,
  ref: string,
  request: AttachRequest
): Effect.fn.Return<AttachSession & { readonly tty: boolean }, Fault> {
  const entry = yield* context.book.resolveForChange(ref)
  const { spec, state } = entry.snapshot
  if (state.status === "paused") {
    return yield* Effect.fail(conflict(`container ${ref} is paused, unpause the container before attach`))
  }
  if (state.status === "restarting") {
    return yield* Effect.fail(conflict(`container ${ref} is restarting, wait until the container is running`))
  }
  const backend = yield* backendOf(context, entry)
  const handle = yield* handleOf(entry)
  const { tty, openStdin, stdinOnce } = spec.process
  if (!request.stream) {
    const output = request.logs
      ? yield* backend.logs(handle, {
          follow: false,
          stdout: request.stdout,
          stderr: request.stderr,
          timestamps: false,
          detailsPrefix: "",
          tty
        })
      : Readable.from([])
    return { output, input: undefined, tty }
  }
  const session = yield* backend.attach(handle, {
    stdin: request.stdin && openStdin,
    stdout: request.stdout,
    stderr: request.stderr,
    replay: request.logs,
    tty,
    stdinOnce
  })
  yield* containerEvent(context, entry, "attach")
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const attached = yield* withDetachKeys(session, {
    tty,
    detachKeys: request.detachKeys,
    onDetach: () => void run(containerEvent(context, entry, "detach"))
  })
  return { ...attached, tty }
})
