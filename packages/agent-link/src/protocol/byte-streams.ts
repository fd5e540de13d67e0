import { Readable, Writable } from "node:stream"
import type { Consumer, Inlet } from "./inlet.ts"
import type { Outlet } from "./outlet.ts"

/** An inlet as a Node stream: credit is given as the stream is read. Bytes after its destruction are thrown away. */
export class InletReader {
  readonly readable: Readable
  readonly consumer: Consumer
  #inlet: Inlet | undefined

  constructor() {
    this.readable = new Readable({ highWaterMark: 64 * 1024, read: () => this.#taken() })
    this.consumer = {
      bytes: (bytes) => {
        if (this.readable.destroyed || this.readable.push(bytes)) queueMicrotask(() => this.#taken())
      },
      end: () => {
        if (!this.readable.destroyed) this.readable.push(null)
        queueMicrotask(() => this.#taken())
      }
    }
    this.readable.on("close", () => this.#taken())
  }

  /** The inlet this is the consumer of. */
  bind(inlet: Inlet): void {
    this.#inlet = inlet
    this.#taken()
  }

  #taken(): void {
    const inlet = this.#inlet
    if (inlet === undefined) return
    inlet.consumed(inlet.next)
    inlet.kept(inlet.next)
    inlet.endKept()
  }
}

/** An outlet as a Node stream: a write is done when there is room for the next one. */
export const outletWriter = (outlet: Outlet): Writable =>
  new Writable({
    highWaterMark: 64 * 1024,
    write: (bytes: Buffer, _, done) => {
      if (outlet.write(bytes)) return done()
      void outlet.room().then(() => done())
    },
    final: (done) => {
      outlet.finish()
      done()
    }
  })
