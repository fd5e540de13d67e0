import { jsonReply, wholeBody, type WireReply, type WireRequest } from "@sockerless/simulator-kit"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import type { Sandbox } from "./sandbox.ts"
import type { Sandboxes } from "./sandboxes.ts"
import { functionArn, type LambdaShelf } from "./shelf.ts"

/** Where runtimes find the Runtime API. */
export const RUNTIME_PREFIX = "/2018-06-01/runtime/"

const RESPONSE_LIMIT = 6 * 1024 * 1024 + 1024
const accepted = (): WireReply => jsonReply({ status: "OK" }, 202)

const next = (shelf: LambdaShelf, sandboxes: Sandboxes, sandbox: Sandbox): Effect.Effect<WireReply> =>
  Effect.map(sandboxes.next(sandbox), (invocation) => {
    const left = invocation.deadlineAt - shelf.world.simulation.clock.now()
    return {
      status: 200,
      headers: {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.requestId,
        "Lambda-Runtime-Deadline-Ms": String(Math.round(Date.now() + left)),
        "Lambda-Runtime-Invoked-Function-Arn": functionArn(shelf.world, sandbox.record.function),
        "Lambda-Runtime-Trace-Id": `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString("hex")}`
      },
      body: invocation.payload
    }
  })

/** Answers the Lambda Runtime API. A runtime is known by the address it calls from. */
export const answerRuntime = (
  shelf: LambdaShelf,
  sandboxes: Sandboxes,
  request: WireRequest
): Effect.Effect<WireReply> =>
  Effect.gen(function* () {
    const sandbox = sandboxes.at(request.from)
    if (sandbox === undefined) return jsonReply({ errorType: "Forbidden", errorMessage: "this is no sandbox" }, 403)
    const path = request.path.slice(RUNTIME_PREFIX.length)
    if (request.method === "GET" && path === "invocation/next") return yield* next(shelf, sandboxes, sandbox)
    const body = yield* wholeBody(request.body, RESPONSE_LIMIT).pipe(Effect.orElseSucceed(() => undefined))
    if (body === undefined)
      return jsonReply(
        { errorType: "RequestEntityTooLarge", errorMessage: "Exceeded maximum allowed payload size (6291556 bytes)." },
        413
      )
    // A failed initialisation is told by the runtime's end, which follows it.
    if (path === "init/error") return accepted()
    const [, id = "", word] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? []
    const isTaken = yield* sandbox.finish(id, { kind: word === "error" ? "error" : "response", payload: body })
    return isTaken ? accepted() : jsonReply({ errorType: "InvalidRequestID", errorMessage: "Invalid request ID" }, 400)
  })
