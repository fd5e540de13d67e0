import type { Readable, Writable } from "node:stream"
import { type AgentChannel, Inlet, InletReader, type Json, Outlet, outletWriter } from "@sockerless/agent-link/protocol"
import { done, failed } from "./reply.ts"

/** What happens on a channel of plain bytes: `input` from the daemon, `output` to it, until it resolves. */
export type StreamTask = (streams: {
  readonly input: Readable
  readonly output: Writable
  /** Aborted when the daemon wants no more of it. */
  readonly signal: AbortSignal
}) => Promise<Json>

/** A channel that carries bytes for one task and ends with it. */
export class StreamChannel implements AgentChannel {
  readonly outlet = new Outlet()
  readonly inlet: Inlet
  readonly isTransient = true
  result: Json | undefined
  readonly #abort = new AbortController()
  readonly #close: () => void

  constructor(task: StreamTask, finished: (channel: AgentChannel, result: Json) => void) {
    const reader = new InletReader()
    this.inlet = new Inlet(reader.consumer)
    reader.bind(this.inlet)
    const output = outletWriter(this.outlet)
    // Both are destroyed by tasks that fail; what went wrong is the task's to tell.
    reader.readable.on("error", () => this.#abort.abort())
    output.on("error", () => this.#abort.abort())
    this.#close = () => {
      reader.readable.destroy()
      output.destroy()
    }
    void task({ input: reader.readable, output, signal: this.#abort.signal })
      .then(done, failed)
      .then((result) => {
        this.outlet.finish()
        this.#close()
        return finished(this, result)
      })
  }

  released(): void {
    this.#abort.abort()
    this.#close()
  }
}
