import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** A refusal in AWS's words. `details` are further members of the error shape. */
export class AwsFault extends Schema.TaggedError<AwsFault>()("AwsFault", {
  code: Schema.String,
  text: Schema.String,
  status: Schema.Number,
  details: Schema.Record(Schema.String, Schema.Json)
}) {
  readonly kind: FaultKind = "invalid"
  override get message(): string {
    return this.text
  }
}

/** A refusal that is the caller's doing: 400 unless told. */
export const awsFault = (
  code: string,
  text: string,
  options: { readonly status?: number; readonly details?: Readonly<Record<string, Schema.Json>> } = {}
): AwsFault => new AwsFault({ code, text, status: options.status ?? 400, details: options.details ?? {} })
