import type { FaultKind } from "@sockerless/faults"
import { Schema } from "effect"

/** A refusal in Docker's words. `kind` decides the status on the wire, `text` is what clients match on. */
export class DockerFault extends Schema.TaggedError<DockerFault>()("DockerFault", {
  kind: Schema.Literals([
    "invalid",
    "unauthenticated",
    "forbidden",
    "not-found",
    "not-modified",
    "conflict",
    "too-large",
    "failed",
    "not-implemented",
    "unavailable"
  ] satisfies ReadonlyArray<FaultKind>),
  text: Schema.String
}) {
  override get message(): string {
    return this.text
  }
}

const fault = (kind: FaultKind) => (text: string) => new DockerFault({ kind, text })

export const invalid = fault("invalid")
export const notFound = fault("not-found")
export const notModified = fault("not-modified")
export const conflict = fault("conflict")
export const forbidden = fault("forbidden")
export const failed = fault("failed")
export const unavailable = fault("unavailable")

export const noSuchContainer = (ref: string) => notFound(`No such container: ${ref}`)
export const notRunning = (id: string) => conflict(`container ${id} is not running`)
