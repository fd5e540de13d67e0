import type { IncomingMessage } from "node:http"

/** One request as a handler sees it. `facts` is what the API on top learned from the path (its version, say). */
export interface Call<F> {
  readonly request: IncomingMessage
  readonly facts: F
  readonly query: URLSearchParams
  /** A parameter of the route, percent-decoded; empty when the route has none of that name. */
  readonly param: (name: string) => string
}

/** A call whose connection is already taken: its body is here, the socket waits. */
export interface HijackCall<F> extends Call<F> {
  readonly body: Buffer
  readonly upgraded: boolean
}
