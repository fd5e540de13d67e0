import { Execs } from "@sockerless/engine"
import { BadRequest, empty, hijacked, json, parseJson } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall, ApiHijackCall } from "../api-route.ts"
import { streamTypes } from "../containers/stream-types.ts"
import { decode, jsonBody } from "../read-body.ts"
import { flag, integer, list, maybe, struct, text, words } from "../wire/go-json.ts"

const execConfig = struct({
  User: text,
  Privileged: flag,
  Tty: flag,
  ConsoleSize: list(integer),
  AttachStdin: flag,
  AttachStderr: flag,
  AttachStdout: flag,
  DetachKeys: maybe(text),
  Env: list(text),
  WorkingDir: text,
  Cmd: words
})

const execStart = struct({ Detach: flag, Tty: flag, ConsoleSize: list(integer) })

const consoleSize = (given: ReadonlyArray<number> | null) => {
  const [rows = 0, columns = 0] = given ?? []
  return rows > 0 && columns > 0 ? { consoleSize: { rows, columns } } : {}
}

const create = Effect.fnUntraced(function* (call: ApiCall) {
  const config = yield* jsonBody(call.request, execConfig, "ExecConfig")
  if (config.Cmd === null || config.Cmd.length === 0) {
    return yield* new BadRequest({ message: "No exec command specified" })
  }
  const { id } = yield* (yield* Execs).create(call.param("id"), {
    argv: config.Cmd,
    env: config.Env ?? [],
    workingDir: config.WorkingDir,
    user: config.User,
    privileged: config.Privileged,
    tty: config.Tty,
    attachStdin: config.AttachStdin,
    attachStdout: config.AttachStdout,
    attachStderr: config.AttachStderr,
    detachKeys: config.DetachKeys ?? undefined,
    ...consoleSize(config.ConsoleSize)
  })
  return json({ Id: id }, 201)
})

const start = Effect.fnUntraced(function* (call: ApiHijackCall) {
  const given = call.body.length === 0 ? undefined : yield* parseJson(call.body)
  const options = yield* decode(given, execStart, "ExecStartOptions")
  const session = yield* (yield* Execs).start(call.param("id"), {
    detach: options.Detach,
    tty: options.Tty,
    ...consoleSize(options.ConsoleSize)
  })
  if (session === undefined) return empty(200)
  return hijacked({ ...streamTypes(session.tty, call.facts.minor), output: session.output, input: session.input })
})

const inspect = Effect.fnUntraced(function* (call: ApiCall) {
  const { spec, containerId, running, exitCode, pid, detachKeys } = yield* (yield* Execs).inspect(call.param("id"))
  const [entrypoint = "", ...args] = spec.argv
  return json({
    ID: spec.id,
    Running: running,
    ExitCode: exitCode ?? null,
    ProcessConfig: {
      tty: spec.tty,
      entrypoint,
      arguments: args,
      privileged: spec.privileged,
      ...(spec.user === "" ? {} : { user: spec.user })
    },
    OpenStdin: spec.stdin,
    OpenStderr: spec.stderr,
    OpenStdout: spec.stdout,
    CanRemove: exitCode !== undefined,
    ContainerID: containerId,
    DetachKeys: detachKeys,
    Pid: pid
  })
})

/** The exec trio. */
export const execRoutes = (bridge: ApiBridge): void => {
  bridge.route("POST", "/containers/:id/exec", create)
  bridge.hijack("/exec/:id/start", start)
  bridge.route("GET", "/exec/:id/json", inspect, "stop")
}
