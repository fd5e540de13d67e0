import type { ExecSpec } from "@sockerless/backend-contract"
import { Deferred, Effect } from "effect"
import { parseDetachKeys } from "../containers/detach-keys.ts"
import type { ContainerSnapshot } from "../containers/snapshot.ts"
import { backendOf, containerEvent, type EngineContext } from "../context.ts"
import { conflict, DockerFault, invalid } from "../faults.ts"
import { newId } from "../identity.ts"
import type { ExecBook } from "./book.ts"
import type { CreateExec } from "./execs.ts"

const refusal = (ref: string, id: string, status: ContainerSnapshot["state"]["status"]) => {
  switch (status) {
    case "running":
      return undefined
    case "paused":
      return conflict(`Container ${ref} is paused, unpause the container before exec`)
    case "restarting":
      return conflict(`Container ${ref} is restarting, wait until the container is running`)
    default:
      return conflict(`container ${id} is not running`)
  }
}

const specOf = (id: string, request: CreateExec): ExecSpec => ({
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
})

/** Notes an exec of a running container; nothing runs yet. */
export const createExec = (context: EngineContext, book: ExecBook) => (containerRef: string, request: CreateExec) =>
  Effect.gen(function* () {
    const container = yield* context.book.resolveForChange(containerRef)
    const { state, spec } = container.snapshot
    if (request.argv.length === 0) return yield* Effect.fail(invalid("No exec command specified"))
    const refused = refusal(containerRef, spec.id, state.status)
    if (refused !== undefined) return yield* Effect.fail(refused)
    if (parseDetachKeys(request.detachKeys ?? "") === undefined) {
      return yield* Effect.fail(invalid(`Invalid detach keys (${request.detachKeys}) provided`))
    }
    // Refused here: the docker CLI shows no more than a status of an exec that fails to start.
    const { features, name } = yield* backendOf(context, container)
    if (!features.has("exec")) {
      return yield* Effect.fail(
        new DockerFault({
          kind: "not-implemented",
          text: `backend ${name} does not support exec: use --runtime local for containers that need it`
        })
      )
    }
    const id = newId()
    yield* book.add({
      snapshot: {
        spec: specOf(id, request),
        containerId: spec.id,
        running: false,
        exitCode: undefined,
        pid: 0,
        detachKeys: request.detachKeys ?? ""
      },
      started: false,
      endedAtMillis: 0,
      session: Deferred.makeUnsafe()
    })
    yield* containerEvent(context, container, `exec_create: ${request.argv.join(" ")}`, { execID: id })
    return { id }
  })
