import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** A step on the machine's network failed: `step` is what was attempted, `reason` what the kernel or a tool answered. */
export class NetworkFailed extends Schema.TaggedError<NetworkFailed>()("NetworkFailed", {
  step: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `${this.step}: ${this.reason}`
  }
}

/** A requested subnet or address cannot be given; `text` is what Docker answers. */
export class AddressRefused extends Schema.TaggedError<AddressRefused>()("AddressRefused", {
  kind: Schema.Literals(["invalid", "forbidden", "not-found", "not-implemented"]),
  text: Schema.String
}) {
  override get message(): string {
    return this.text
  }
}

/** A host port cannot be published; the text is Docker's. */
export class PortRefused extends Schema.TaggedError<PortRefused>()("PortRefused", {
  endpointName: Schema.String,
  endpointId: Schema.String,
  reason: Schema.String
}) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return `driver failed programming external connectivity on endpoint ${this.endpointName} (${this.endpointId}): ${this.reason}`
  }
}
