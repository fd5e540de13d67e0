import type { Receiver, Wire } from "../src/protocol/index.ts"

interface End {
  readonly queue: Array<Buffer>
  receiver: Receiver | undefined
}

/**
 * A connection whose messages wait until the test delivers them, and may be repeated, swapped or lost with the rest of
 * the connection. Each direction is a queue of its own.
 */
export class FaultyWire {
  readonly #toAgent: End = { queue: [], receiver: undefined }
  readonly #toDaemon: End = { queue: [], receiver: undefined }
  open = true

  readonly agentWire: Wire = { send: (message) => this.#toDaemon.queue.push(message), close: () => this.cut() }
  readonly daemonWire: Wire = { send: (message) => this.#toAgent.queue.push(message), close: () => this.cut() }

  join(agent: Receiver, daemon: Receiver): void {
    this.#toAgent.receiver = agent
    this.#toDaemon.receiver = daemon
  }

  /** Delivers up to `count` messages of one direction; returns how many. */
  deliver(direction: "up" | "down", count: number): number {
    const end = direction === "up" ? this.#toDaemon : this.#toAgent
    let delivered = 0
    for (; delivered < count && this.open; delivered++) {
      const message = end.queue.shift()
      if (message === undefined) break
      end.receiver?.message(message)
    }
    return delivered
  }

  /** Puts a message that waits a second time, later or at once. */
  repeat(direction: "up" | "down", at: number): void {
    const { queue } = direction === "up" ? this.#toDaemon : this.#toAgent
    const message = queue[at % Math.max(1, queue.length)]
    if (message !== undefined) queue.splice((at * 7) % (queue.length + 1), 0, message)
  }

  swap(direction: "up" | "down", at: number): void {
    const { queue } = direction === "up" ? this.#toDaemon : this.#toAgent
    const [first, second] = [queue[at % Math.max(1, queue.length)], queue[(at + 1) % Math.max(1, queue.length)]]
    if (first === undefined || second === undefined) return
    queue[at % queue.length] = second
    queue[(at + 1) % queue.length] = first
  }

  cut(): void {
    if (!this.open) return
    this.open = false
    this.#toAgent.receiver?.closed("cut")
    this.#toDaemon.receiver?.closed("cut")
  }
}
