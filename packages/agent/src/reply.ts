import type { Json } from "@sockerless/agent-link/protocol"
import { replyFor } from "@sockerless/oci-runtime/archive"

/** Thrown where what was asked is not possible; its words reach the client. */
export class Refused extends Error {
  readonly kind: string

  constructor(kind: "invalid" | "not-found" | "conflict" | "failed" | "not-implemented", reason: string) {
    super(reason)
    this.kind = kind
  }
}

/** What a channel came to when it did. */
export const done = (value: Json): Json => ({ ok: true, value })

/** What a channel came to when it did not. */
export const failed = (error: unknown): Json => {
  if (error instanceof Refused) return { ok: false, kind: error.kind, reason: error.message }
  const reply = replyFor(error)
  return reply.ok
    ? { ok: false, kind: "failed", reason: "failed" }
    : { ok: false, kind: reply.kind, reason: reply.text }
}
