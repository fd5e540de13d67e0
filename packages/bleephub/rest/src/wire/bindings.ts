import type { IncomingMessage, ServerResponse } from "node:http"

/** What a listener adds to each request. */
export interface Bindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** What clients of this listener write before `://`. */
  readonly scheme: "http" | "https"
}
