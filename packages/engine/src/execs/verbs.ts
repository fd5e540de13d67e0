import type { ExecSession, ExecSpec } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { killpoint } from "@sockerless/killpoints"
import type { JsonValue } from "@sockerless/store"
import { Deferred, Effect, Option } from "effect"
import { withDetachKeys } from "../containers/detach.ts"
import { backendOf, containerEvent, type EngineContext, handleOf, launchOf } from "../context.ts"
import { conflict, DockerFault, invalid, notFound } from "../faults.ts"
import { newId } from "../identity.ts"
import { fromJson, toJson } from "../stored-json.ts"
import type { CreateExec, Execs, ExecSnapshot, StartExec } from "./execs.ts"

const COLLECTION = "execs"
const KEPT_MILLIS = 10 * 60 * 1000
const RESIZE_WAIT_MILLIS = 10_000

interface ExecRecord {
  readonly snapshot: ExecSnapshot
  readonly endedAtMillis: number
}

interface ExecEntry {
  snapshot: ExecSnapshot
  started: boolean
  endedAtMillis: number
  readonly session: Deferred.Deferred<ExecSession>
}

/** The execs of one daemon. An exec is never replayed: one that ran when the daemon died is told as ended. */
export const makeExecs = Effect.fn("engine.execs")(function* (
  context: EngineContext
): Effect.fn.Return<Execs["Service"], Fault> {
  const byId = new Map<string, ExecEntry>()
  const stored = <A>(effect: Effect.Effect<A, { readonly message: string }>) =>
    Effect.mapError(effect, (fault) => new DockerFault({ kind: "failed", text: fault.message }))

  for (const { value } of yield* stored(context.store.all(COLLECTION))) {
    const record = fromJson<ExecRecord>(value as JsonValue, ["snapshot", "endedAtMillis"])
    if (record === undefined) continue
    byId.set(record.snapshot.spec.id, {
      snapshot: { ...record.snapshot, running: false },
      started: record.snapshot.running || record.snapshot.exitCode !== undefined,
      endedAtMillis: record.endedAtMillis || Date.now(),
      session: Deferred.makeUnsafe()
    })
  }

  const save = (entry: ExecEntry) =>
    stored(
      context.store.commit([
        {
          op: "put",
          collection: COLLECTION,
          key: entry.snapshot.spec.id,
          value: toJson({ snapshot: entry.snapshot, endedAtMillis: entry.endedAtMillis })
        }
      ])
    )

  const forgetOld = Effect.suspend(() => {
    const old = [...byId.values()].filter(
      (entry) => entry.endedAtMillis > 0 && Date.now() - entry.endedAtMillis > KEPT_MILLIS
    )
    if (old.length < 64) return Effect.void
    for (const entry of old) byId.delete(entry.snapshot.spec.id)
    return stored(
      context.store.commit(old.map((entry) => ({ op: "delete", collection: COLLECTION, key: entry.snapshot.spec.id })))
    )
  })

  const find = (id: string): Effect.Effect<ExecEntry, DockerFault> => {
    const entry = byId.get(id)
    return entry === undefined ? Effect.fail(notFound(`No such exec instance: ${id}`)) : Effect.succeed(entry)
  }

  const create = (containerRef: string, request: CreateExec) =>
    Effect.gen(function* () {
      const container = yield* context.book.resolveForChange(containerRef)
      const { state, spec } = container.snapshot
      if (request.argv.length === 0) return yield* Effect.fail(invalid("No exec command specified"))
      if (state.status === "paused") {
        return yield* Effect.fail(conflict(`Container ${containerRef} is paused, unpause the container before exec`))
      }
      if (state.status === "restarting") {
        return yield* Effect.fail(
          conflict(`Container ${containerRef} is restarting, wait until the container is running`)
        )
      }
      if (state.status !== "running") return yield* Effect.fail(conflict(`container ${spec.id} is not running`))
      const id = newId()
      const exec: ExecSpec = {
        id,
        argv: request.argv,
        env: request.env,
        workingDir: request.workingDir,
        user: request.user,
        privileged: request.privileged,
        tty: request.tty,
        stdin: request.attachStdin,
        stdout: request.attachStdout,
        stderr: request.attachStderr,
        ...(request.consoleSize === undefined ? {} : { consoleSize: request.consoleSize })
      }
      const entry: ExecEntry = {
        snapshot: {
          spec: exec,
          containerId: spec.id,
          running: false,
          exitCode: undefined,
          pid: 0,
          detachKeys: request.detachKeys ?? ""
        },
        started: false,
        endedAtMillis: 0,
        session: Deferred.makeUnsafe()
      }
      yield* save(entry)
      byId.set(id, entry)
      yield* forgetOld
      yield* containerEvent(context, container, `exec_create: ${request.argv.join(" ")}`, { execID: id })
      return { id }
    })

  const finish = (entry: ExecEntry, session: ExecSession) =>
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
      yield* save(entry)
    }).pipe(
      Effect.tapError((fault) =>
        Effect.logWarning(`keeping the end of exec ${entry.snapshot.spec.id}: ${fault.message}`)
      ),
      Effect.ignore
    )

  const launch = Effect.fnUntraced(function* (entry: ExecEntry, options: StartExec) {
    const container = yield* context.book.resolve(entry.snapshot.containerId)
    if (container.snapshot.state.status !== "running") {
      return yield* Effect.fail(conflict(`container ${entry.snapshot.containerId} is not running`))
    }
    const backend = yield* backendOf(context, container)
    const { spec } = entry.snapshot
    const wanted = options.detach ? { ...spec, stdin: false } : spec
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

  /** The stream ends for the client only after the exit code can be asked for. */
  const start = (id: string, options: StartExec) =>
    Effect.gen(function* () {
      const entry = yield* find(id)
      if (entry.started) {
        return yield* Effect.fail(
          conflict(
            entry.snapshot.running ? `exec command ${id} is already running` : `exec command ${id} has already run`
          )
        )
      }
      entry.started = true
      const session = yield* launch(entry, options).pipe(
        Effect.tapError(() => Effect.sync(() => void (entry.started = false)))
      )
      yield* Effect.forkDetach(finish(entry, session))
      if (options.detach) {
        session.output.resume()
        return undefined
      }
      const attached = yield* withDetachKeys(session, {
        tty: entry.snapshot.spec.tty,
        detachKeys: entry.snapshot.detachKeys === "" ? undefined : entry.snapshot.detachKeys,
        onDetach: () => undefined
      })
      return { ...attached, tty: entry.snapshot.spec.tty }
    })

  return {
    create,
    start,
    resize: (id, size) =>
      Effect.gen(function* () {
        const entry = yield* find(id)
        const session = yield* Deferred.await(entry.session).pipe(Effect.timeoutOption(RESIZE_WAIT_MILLIS))
        if (Option.isNone(session)) {
          return yield* Effect.fail(conflict("timeout waiting for exec session ready"))
        }
        yield* session.value.resize(size)
      }),
    inspect: (id) => Effect.map(find(id), (entry) => entry.snapshot)
  }
})
