import { Effect } from "effect"
import { connect, type Socket } from "node:net"

/** A socket on which a test says exactly what it means, and all that came back so far. */
export interface RawClient {
  readonly socket: Socket
  readonly received: () => string
  /** Waits until the text received matches, at most two seconds; fails the test by a defect otherwise. */
  readonly until: (pattern: RegExp) => Effect.Effect<string>
  /** Waits until the server has closed the connection. */
  readonly closed: Effect.Effect<string>
}

export const rawClient = (socketPath: string) =>
  Effect.acquireRelease(
    Effect.callback<RawClient>((resume) => {
      const socket = connect({ path: socketPath, allowHalfOpen: true })
      const chunks: Array<Buffer> = []
      socket.on("data", (chunk) => chunks.push(chunk))
      socket.on("error", () => undefined)
      const received = () => Buffer.concat(chunks).toString("latin1")
      const poll = (done: () => boolean, what: string) =>
        Effect.gen(function* () {
          for (let round = 0; round < 400 && !done(); round++) yield* Effect.sleep(5)
          if (!done()) return yield* Effect.die(new Error(`${what}; received: ${received()}`))
          return received()
        })
      socket.on("connect", () =>
        resume(
          Effect.succeed({
            socket,
            received,
            until: (pattern) => poll(() => pattern.test(received()), `nothing matched ${pattern}`),
            closed: Effect.suspend(() => poll(() => socket.readableEnded || socket.destroyed, "not closed"))
          })
        )
      )
    }),
    ({ socket }) => Effect.sync(() => socket.destroy())
  )
