import { BadRequest, type BodyTooLarge, parseJson, readBounded, requireJsonType } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import type { Reader, Reading } from "./wire/go-json.ts"

/** Reads a parsed JSON value with a reader; a wrong type is a 400 with Go's words. */
export const decode = <A>(value: unknown, reader: Reader<A>, at: string): Effect.Effect<A, BadRequest> =>
  Effect.suspend(() => {
    const reading: Reading = { problem: undefined }
    const decoded = reader(value, at, reading)
    return reading.problem === undefined
      ? Effect.succeed(decoded)
      : Effect.fail(new BadRequest({ message: reading.problem }))
  })

/** A JSON body that must be there. */
export const jsonBody = <A>(
  request: IncomingMessage,
  reader: Reader<A>,
  at: string
): Effect.Effect<A, BadRequest | BodyTooLarge> =>
  Effect.gen(function* () {
    const body = yield* readBounded(request)
    yield* requireJsonType(request, body.length)
    return yield* decode(yield* parseJson(body), reader, at)
  })

/** A JSON body that may be missing; then every field has its zero value. */
export const optionalJsonBody = <A>(
  request: IncomingMessage,
  reader: Reader<A>,
  at: string
): Effect.Effect<A, BadRequest | BodyTooLarge> =>
  Effect.gen(function* () {
    const body = yield* readBounded(request)
    if (body.length === 0) return yield* decode(undefined, reader, at)
    yield* requireJsonType(request, body.length)
    return yield* decode(yield* parseJson(body), reader, at)
  })
