import type { ExecSession } from "@sockerless/backend-contract"
import { killpoint } from "@sockerless/killpoints"
import { Deferred, Effect } from "effect"
import { PassThrough, pipeline, type Readable } from "node:stream"
import { withDetachKeys } from "../containers/detach.ts"
import { backendOf, containerEvent, type EngineContext, handleOf, launchOf } from "../context.ts"
import { conflict, invalid } from "../faults.ts"
import type { ExecBook, ExecEntry } from "./book.ts"
import type { StartExec } from "./execs.ts"

const finish = (context: EngineContext, book: ExecBook, entry: ExecEntry, session: ExecSession) =>
  Effect.gen(function* () {
    const exitCode = yield* session.exit
    entry.snapshot = { ...entry.snapshot, running: false, exitCode }
    entry.endedAtMillis = Date.now()
    const container = context.book.byId(entry.snapshot.containerId)
    if (container !== undefined) {
      yield* containerEvent(context, container, "exec_die", {
        execID: entry.snapshot.spec.id,
        exitCode: String(exitCode)
      })
    }
    killpoint("engine.exec.before-outcome")
    yield* book.save(entry)
    killpoint("engine.exec.after-outcome")
  }).pipe(
    Effect.tapError((fault) =>
      Effect.logWarning(`keeping the end of exec ${entry.snapshot.spec.id}: ${fault.message}`)
    ),
    Effect.ignore
  )

const launch = Effect.fnUntraced(function* (context: EngineContext, entry: ExecEntry, options: StartExec) {
  const container = yield* context.book.resolveForChange(entry.snapshot.containerId)
  if (container.snapshot.state.status !== "running") {
    return yield* Effect.fail(conflict(`container ${entry.snapshot.containerId} is not running`))
  }
  const backend = yield* backendOf(context, container)
  const { spec } = entry.snapshot
  // Nobody reads a detached one, so it has no pipe to us and goes on when we die.
  const wanted = options.detach ? { ...spec, stdin: false, stdout: false, stderr: false } : spec
  const consoleSize = options.consoleSize ?? spec.consoleSize
  const session = yield* backend.exec(
    yield* launchOf(context, container),
    yield* handleOf(container),
    consoleSize === undefined ? wanted : { ...wanted, consoleSize }
  )
  entry.snapshot = { ...entry.snapshot, running: true, pid: session.pid }
  yield* Deferred.succeed(entry.session, session)
  yield* containerEvent(context, container, `exec_start: ${spec.argv.join(" ")}`, { execID: spec.id })
  return session
})

/** The output with its end held back until `kept`: a client that saw the end may ask for the exit code, also after a crash. */
const endingAfter = (output: Readable, kept: Promise<void>): Readable => {
  const held = new PassThrough({ flush: (done) => void kept.then(() => done()) })
  // A client that leaves closes the output; there is nothing else to do about it.
  pipeline(output, held, () => undefined)
  return held
}

/** The stream ends for the client only after the exit code can be asked for. */
export const startExec = (context: EngineContext, book: ExecBook) => (id: string, options: StartExec) =>
  Effect.gen(function* () {
    const entry = yield* book.find(id)
    if (entry.started) {
      return yield* Effect.fail(
        conflict(
          entry.snapshot.running ? `exec command ${id} is already running` : `exec command ${id} has already run`
        )
      )
    }
    entry.started = true
    // Durable first: an exec that may have begun is never begun again.
    yield* book.save({ ...entry, snapshot: { ...entry.snapshot, running: true } })
    killpoint("engine.exec.after-intent")
    const session = yield* launch(context, entry, options).pipe(
      Effect.tapError(() => Effect.suspend(() => ((entry.started = false), Effect.ignore(book.save(entry)))))
    )
    const { promise: kept, resolve } = Promise.withResolvers<void>()
    yield* Effect.forkDetach(finish(context, book, entry, session).pipe(Effect.ensuring(Effect.sync(resolve))))
    if (options.detach) {
      session.output.resume()
      if (session.failure !== undefined) return yield* Effect.fail(invalid(session.failure))
      return undefined
    }
    const attached = yield* withDetachKeys(
      { ...session, output: endingAfter(session.output, kept) },
      {
        tty: entry.snapshot.spec.tty,
        detachKeys: entry.snapshot.detachKeys === "" ? undefined : entry.snapshot.detachKeys,
        onDetach: () => undefined
      }
    )
    return { ...attached, tty: entry.snapshot.spec.tty }
  })
