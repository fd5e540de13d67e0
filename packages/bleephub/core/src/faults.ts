import { Schema } from "effect"

/** One entry of GitHub's 422 answer. */
export interface FieldError {
  readonly resource: string
  readonly field: string
  readonly code: "missing" | "missing_field" | "invalid" | "already_exists" | "unprocessable" | "custom"
  readonly message?: string
  readonly value?: string | number | boolean | null
}

/** It does not exist, or whoever asks must not know that it does. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { what: Schema.String }) {
  readonly kind = "not-found"
  override get message(): string {
    return this.what
  }
}

/** No token, or one that is unknown, expired or revoked. */
export class Unauthenticated extends Schema.TaggedError<Unauthenticated>()("Unauthenticated", {
  reason: Schema.String
}) {
  readonly kind = "unauthenticated"
  override get message(): string {
    return this.reason
  }
}

/** Whoever asks may see the target but not do this to it. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", { reason: Schema.String }) {
  readonly kind = "forbidden"
  override get message(): string {
    return this.reason
  }
}

/** The request contradicts the state it meets. */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", { reason: Schema.String }) {
  readonly kind = "conflict"
  override get message(): string {
    return this.reason
  }
}

/** The feature is switched off for this repository, as GitHub's 410 says. */
export class Gone extends Schema.TaggedError<Gone>()("Gone", { reason: Schema.String }) {
  readonly kind = "gone"
  override get message(): string {
    return this.reason
  }
}

/** The target is in a state that does not allow it, as GitHub's 405 for merges says. */
export class NotAllowed extends Schema.TaggedError<NotAllowed>()("NotAllowed", { reason: Schema.String }) {
  readonly kind = "not-allowed"
  override get message(): string {
    return this.reason
  }
}

/** The request cannot be read at all: 400. */
export class BadRequest extends Schema.TaggedError<BadRequest>()("BadRequest", { reason: Schema.String }) {
  readonly kind = "bad-request"
  override get message(): string {
    return this.reason
  }
}

/** What the request says is well formed and wrong; `errors` holds GitHub's long or short form. */
export class Invalid extends Schema.TaggedError<Invalid>()("Invalid", {
  reason: Schema.String,
  errors: Schema.Array(Schema.Any)
}) {
  readonly kind = "invalid"
  override get message(): string {
    return this.reason
  }
}

export type HubFault = NotFound | Unauthenticated | Forbidden | Conflict | Gone | NotAllowed | BadRequest | Invalid

/** Whether something thrown is a fault of ours, which the edge answers, or a defect. */
export const isHubFault = (thrown: unknown): thrown is HubFault =>
  thrown instanceof NotFound ||
  thrown instanceof Unauthenticated ||
  thrown instanceof Forbidden ||
  thrown instanceof Conflict ||
  thrown instanceof Gone ||
  thrown instanceof NotAllowed ||
  thrown instanceof BadRequest ||
  thrown instanceof Invalid

/** GitHub's 404. */
export const notFound = (what = "Not Found"): NotFound => new NotFound({ what })

/** GitHub's 422 in its long form. */
export const invalid = (...errors: ReadonlyArray<FieldError>): Invalid =>
  new Invalid({ reason: "Validation Failed", errors })

/** GitHub's 422 in its short form, whose errors are plain texts. */
export const unprocessable = (reason: string, ...errors: ReadonlyArray<string>): Invalid =>
  new Invalid({ reason, errors })
