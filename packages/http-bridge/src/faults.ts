import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** The request cannot be read as it stands; answered with 400. */
export class BadRequest extends Schema.TaggedError<BadRequest>()("BadRequest", { message: Schema.String }) {
  readonly kind: FaultKind = "invalid"
}

/** The body is larger than the route accepts; answered with 413 and a closed connection. */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", { limitBytes: Schema.Number }) {
  readonly kind: FaultKind = "too-large"
  override get message() {
    return `request body is larger than the limit of ${this.limitBytes} bytes`
  }
}

/** No route answers this method and path; Docker's text for both. */
export class PageNotFound extends Schema.TaggedError<PageNotFound>()("PageNotFound", {}) {
  readonly kind: FaultKind = "not-found"
  override get message() {
    return "page not found"
  }
}

/** The request came from where no Docker client is; answered with 403. */
export class ForeignRequest extends Schema.TaggedError<ForeignRequest>()("ForeignRequest", { message: Schema.String }) {
  readonly kind: FaultKind = "forbidden"
}
