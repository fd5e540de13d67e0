import {
  type ConnectionDropped,
  headerOf,
  type Refusal,
  type Simulation,
  wholeBody,
  type WireReply,
  type WireRequest
} from "@sockerless/simulator-kit"
import { Effect, Option, Schema } from "effect"
import { type AwsFault, awsFault } from "./aws-fault.ts"
import type { Operation } from "./operation.ts"
import { inputOfQuery } from "./query.ts"
import { type LookUp, verifySignature } from "./signature.ts"
import { faultReply, newRequestId, type RestRoute, type Service, successReply } from "./service.ts"

const BODY_LIMIT = 64 * 1024 * 1024
const parseJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))

interface Asked {
  readonly operation: Operation
  readonly input: unknown
  readonly status: number
}

const unknownOperation = (): AwsFault => awsFault("UnknownOperationException", "", { status: 404 })

/** The throttling and failure codes a client expects of each protocol. */
export const refusalOf = (protocol: Service["protocol"] | "s3", refusal: Refusal): AwsFault => {
  if (refusal.kind === "error")
    return awsFault(refusal.code, refusal.message ?? "an injected failure", { status: refusal.status })
  switch (protocol) {
    case "s3":
      return awsFault("SlowDown", "Please reduce your request rate.", { status: 503 })
    case "ec2":
      return awsFault("RequestLimitExceeded", "Request limit exceeded.", { status: 503 })
    case "query":
      return awsFault("Throttling", "Rate exceeded")
    case "rest-json":
      return awsFault("TooManyRequestsException", "Rate Exceeded.", { status: 429 })
    case "json":
      return awsFault("ThrottlingException", "Rate exceeded")
  }
}

const bodyJson = (body: Buffer): Effect.Effect<Schema.Json, AwsFault> => {
  if (body.length === 0) return Effect.succeed({})
  const parsed = parseJson(body.toString("utf8"))
  return Option.isSome(parsed)
    ? Effect.succeed(parsed.value)
    : Effect.fail(awsFault("SerializationException", "the body is not a JSON document"))
}

const matcherOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+?^$()|[\]\\]/g, (character) => (character === "+" ? character : `\\${character}`))
      .replace(/\{(\w+)\+\}/g, "(?<$1>.+)")
      .replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}/?$`
  )

const matchers = new WeakMap<RestRoute, RegExp>()
const matcherFor = (route: RestRoute): RegExp => {
  const known = matchers.get(route)
  if (known !== undefined) return known
  const made = matcherOf(route.pattern)
  matchers.set(route, made)
  return made
}

const queryMembers = (query: URLSearchParams): Readonly<Record<string, string | ReadonlyArray<string>>> =>
  Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const values = query.getAll(name)
      return [name, values.length === 1 ? (values[0] ?? "") : values]
    })
  )

const restAsked = (
  routes: ReadonlyArray<RestRoute>,
  request: WireRequest,
  body: Buffer
): Effect.Effect<Asked, AwsFault> =>
  Effect.gen(function* () {
    for (const route of routes) {
      if (route.method !== request.method) continue
      const found = matcherFor(route).exec(request.path)
      if (found === null) continue
      const labels = Object.fromEntries(
        Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)])
      )
      const isJson =
        !(headerOf(request, "content-type") ?? "").includes("octet-stream") && !route.pattern.endsWith("/invocations")
      const members = isJson ? yield* bodyJson(body) : { Payload: body.toString("base64"), Headers: request.headers }
      return {
        operation: route.operation,
        input: { ...queryMembers(request.query), ...(typeof members === "object" ? members : {}), ...labels },
        status: route.status ?? 200
      }
    }
    return yield* unknownOperation()
  })

const askedOf = (service: Service, request: WireRequest, body: Buffer): Effect.Effect<Asked, AwsFault> =>
  Effect.gen(function* () {
    if (service.protocol === "rest-json") return yield* restAsked(service.routes, request, body)
    const form =
      service.protocol === "json" ? undefined : new URLSearchParams(body.toString("utf8") || request.rawQuery)
    const name = form?.get("Action") ?? headerOf(request, "x-amz-target")?.split(".").at(-1) ?? ""
    const operation = service.operations.find((candidate) => candidate.name === name)
    if (operation === undefined) return yield* unknownOperation()
    return { operation, input: form === undefined ? yield* bodyJson(body) : inputOfQuery(form), status: 200 }
  })

/** Answers of operations that write their own reply, such as a function's payload. */
interface RawOutput {
  readonly reply: WireReply
}

const isRaw = (output: object): output is RawOutput => "reply" in output

/** Reads, checks, plays and answers one request to a service. */
export const dispatch = (
  simulation: Simulation,
  lookUp: LookUp,
  serviceName: string,
  service: Service,
  request: WireRequest
): Effect.Effect<WireReply, ConnectionDropped> => {
  const requestId = newRequestId()
  return Effect.gen(function* () {
    const body = yield* wholeBody(request.body, BODY_LIMIT).pipe(
      Effect.mapError((fault) => awsFault("RequestEntityTooLarge", fault.message, { status: 413 }))
    )
    const signed = yield* verifySignature(request, body, lookUp)
    const { operation, input, status } = yield* askedOf(service, request, body)
    const output = yield* simulation.conduct(
      {
        service: serviceName,
        operation: operation.name,
        resource: operation.resourceOf(input),
        client: signed.credential.arn,
        input
      },
      {
        apply: (view) => operation.apply(input, { view, requestId, caller: signed.credential }),
        refuse: (refusal) => refusalOf(service.protocol, refusal),
        codeOf: (fault) => fault.code
      }
    )
    if (isRaw(output)) return output.reply
    return { ...successReply(service, operation.name, output, requestId), status }
  }).pipe(Effect.catchTag("AwsFault", (fault) => Effect.succeed(faultReply(service, fault, requestId))))
}
