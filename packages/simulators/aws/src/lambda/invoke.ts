import { Deferred, Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import type { RestRoute } from "../wire/service.ts"
import { answeredOf } from "./outcome.ts"
import type { EventQueue } from "./queue.ts"
import type { FunctionRecord } from "./records.ts"
import type { Outcome } from "./sandbox.ts"
import type { Sandboxes } from "./sandboxes.ts"
import { functionOf, type LambdaShelf, stateOf } from "./shelf.ts"

const MEBIBYTE = 1024 * 1024
const SYNCHRONOUS_LIMIT = 6 * MEBIBYTE
const EVENT_LIMIT = MEBIBYTE
const TAIL_BYTES = 4096

const Headers = Schema.Record(Schema.String, Schema.Unknown)
const InvokeInput = Schema.Struct({ FunctionName: Schema.String, Payload: Schema.String, Headers })

const headerIn = (headers: typeof Headers.Type, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === "string" ? value : undefined
}

const tooLarge = (limit: number): AwsFault =>
  awsFault("RequestTooLargeException", `Request must be smaller than ${limit} bytes for the InvokeFunction operation`, {
    status: 413
  })

/** Refuses what cannot be run now; else a place is claimed. */
const check = (shelf: LambdaShelf, sandboxes: Sandboxes, record: FunctionRecord): Effect.Effect<void, AwsFault> => {
  if (stateOf(shelf, record) === "Pending")
    return Effect.fail(
      awsFault(
        "ResourceConflictException",
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
        { status: 409 }
      )
    )
  if (!sandboxes.claim(record))
    return Effect.fail(
      awsFault("TooManyRequestsException", "Rate Exceeded.", {
        status: 429,
        details: { Reason: "ReservedFunctionConcurrentInvocationLimitExceeded" }
      })
    )
  return Effect.void
}

/** The last of what a function has logged since a moment, as `LogType=Tail` gives it. */
const tailOf = (shelf: LambdaShelf, name: string, requestId: string): string => {
  const group = `/aws/lambda/${name}`
  const streams = shelf.logs.streams.all().filter((stream) => stream.group === group)
  for (const stream of streams.toReversed()) {
    const messages = shelf.logs.visible(group, stream.name).map((event) => event.message)
    const start = messages.findIndex((message) => message.startsWith(`START RequestId: ${requestId}`))
    if (start !== -1)
      return Buffer.from(`${messages.slice(start).join("\n")}\n`)
        .subarray(-TAIL_BYTES)
        .toString("base64")
  }
  return ""
}

const synchronous = (shelf: LambdaShelf, sandboxes: Sandboxes, record: FunctionRecord) =>
  Effect.fnUntraced(function* (requestId: string, payload: Buffer, wantsTail: boolean) {
    const outcome = yield* Deferred.make<Outcome>()
    // In the background: a caller who goes away does not end the function.
    yield* shelf.world.fork(
      Effect.flatMap(sandboxes.run(record, { requestId, payload }), (end) => Deferred.succeed(outcome, end))
    )
    const answered = answeredOf(record, requestId, yield* Deferred.await(outcome))
    return {
      reply: {
        status: 200,
        headers: {
          "Content-Type": "application/json",
          "x-amzn-RequestId": requestId,
          "X-Amz-Executed-Version": "$LATEST",
          ...(answered.isError ? { "X-Amz-Function-Error": "Unhandled" } : {}),
          ...(wantsTail ? { "X-Amz-Log-Result": tailOf(shelf, record.name, requestId) } : {})
        },
        body: answered.payload
      }
    }
  })

const bare = (status: number, requestId: string) => ({
  reply: { status, headers: { "x-amzn-RequestId": requestId }, body: "" }
})

/** `Invoke`, waiting for the answer or leaving an event behind. */
export const invokeRoute = (shelf: LambdaShelf, sandboxes: Sandboxes, queue: EventQueue): RestRoute => ({
  method: "POST",
  pattern: "/2015-03-31/functions/{FunctionName}/invocations",
  operation: operation("Invoke", InvokeInput, (input, call) =>
    Effect.gen(function* () {
      const record = yield* functionOf(shelf, input.FunctionName)
      const payload = Buffer.from(input.Payload, "base64")
      const type = headerIn(input.Headers, "x-amz-invocation-type") ?? "RequestResponse"
      if (type === "DryRun") return bare(204, call.requestId)
      if (type === "Event") {
        if (payload.length > EVENT_LIMIT) return yield* tooLarge(EVENT_LIMIT)
        yield* queue.accept(call.requestId, record.name, payload)
        return bare(202, call.requestId)
      }
      if (payload.length > SYNCHRONOUS_LIMIT) return yield* tooLarge(SYNCHRONOUS_LIMIT)
      yield* check(shelf, sandboxes, record)
      const wantsTail = headerIn(input.Headers, "x-amz-log-type") === "Tail"
      return yield* synchronous(shelf, sandboxes, record)(call.requestId, payload, wantsTail)
    })
  )
})
