import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net"

/** A port that stays while daemons come and go behind it, and that cuts what goes through it. */
export class Proxy {
  target = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Bytes from the agent that went through. */
  bytes = 0
  /** Called for each piece from the agent, before it is passed on. */
  onBytes: () => void = () => {}

  constructor() {
    this.#server = createServer((inner) => {
      const outer = connect(this.target, "127.0.0.1")
      for (const [from, to] of [
        [inner, outer],
        [outer, inner]
      ] as const) {
        this.#sockets.add(from)
        from.on("error", () => to.destroy())
        from.on("close", () => {
          this.#sockets.delete(from)
          to.destroy()
        })
        from.on("data", (bytes) => {
          if (from === inner) {
            this.bytes += bytes.length
            this.onBytes()
          }
          if (!to.destroyed && !to.write(bytes)) from.pause()
        })
        to.on("drain", () => from.resume())
      }
    })
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve((this.#server.address() as AddressInfo).port))
    })
  }

  /** Cuts every connection there is, wherever it stands. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  close(): void {
    this.#server.close()
    this.cut()
  }
}
