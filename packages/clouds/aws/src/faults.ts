import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** One attempt at one AWS operation that failed. */
export class AwsFault extends Schema.TaggedError<AwsFault>()("AwsFault", {
  service: Schema.String,
  operation: Schema.String,
  /** AWS's own name of the error (`ClusterNotFoundException`), or what the connection ended with (`ECONNRESET`). */
  code: Schema.String,
  reason: Schema.String,
  /** Whether it changed something all the same: AWS said no, or nobody knows. */
  applied: Schema.Literals(["no", "unknown"]),
  /** Whether the same call may succeed a moment later. */
  retryable: Schema.Boolean,
  /** What a `ConflictException` of ECS names: the tasks that the client token stands for. */
  resourceIds: Schema.Array(Schema.String),
  kindOfFault: Schema.Literals([
    "invalid",
    "unauthenticated",
    "forbidden",
    "not-found",
    "conflict",
    "failed",
    "unavailable"
  ])
}) {
  get kind(): FaultKind {
    return this.kindOfFault
  }
  override get message(): string {
    return `AWS ${this.service} ${this.operation}: ${this.code}: ${this.reason}`
  }
}

const throttled =
  /^(Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestLimitExceeded|SlowDown|LimitExceededException|PriorRequestNotComplete)$/
const absent = /(NotFound|NoSuch|DoesNotExist|InactiveException$|MissingException$)/
const denied = /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|NotAuthorized)/
const unsigned =
  /^(UnrecognizedClientException|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken|ExpiredTokenException|CredentialsProviderError|InvalidSignatureException|MissingAuthenticationToken)/
const clashing =
  /^(ConflictException|ResourceConflict|AlreadyExists|.*AlreadyExistsException|PreconditionFailed|ResourceInUse)/

const kindOf = (code: string, status: number | undefined): AwsFault["kindOfFault"] => {
  if (throttled.test(code)) return "unavailable"
  if (absent.test(code) || status === 404) return "not-found"
  if (unsigned.test(code) || status === 401) return "unauthenticated"
  if (denied.test(code) || status === 403) return "forbidden"
  if (clashing.test(code) || status === 409 || status === 412) return "conflict"
  if (status === undefined || status >= 500) return "unavailable"
  return status === 400 ? "invalid" : "failed"
}

const field = (error: object, name: string): unknown => Reflect.get(error, name)

const statusOf = (error: object): number | undefined => {
  const metadata = field(error, "$metadata")
  const status = typeof metadata === "object" && metadata !== null ? field(metadata, "httpStatusCode") : undefined
  return typeof status === "number" ? status : undefined
}

const textsIn = (value: unknown): ReadonlyArray<string> =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : []

/** What the SDK threw, translated once. An answer of 4xx changed nothing; a 5xx or no answer leaves it open. */
export const awsFault = (service: string, operation: string, cause: unknown): AwsFault => {
  const error = cause instanceof Error ? cause : new Error(String(cause))
  const status = statusOf(error)
  const system = field(error, "code")
  const code = status === undefined && typeof system === "string" ? system : error.name
  const kindOfFault = kindOf(code, status)
  return new AwsFault({
    service,
    operation,
    code,
    reason: error.message,
    applied: (status !== undefined && status < 500) || unsigned.test(code) ? "no" : "unknown",
    retryable: kindOfFault === "unavailable",
    resourceIds: [...textsIn(field(error, "resourceIds"))],
    kindOfFault
  })
}
