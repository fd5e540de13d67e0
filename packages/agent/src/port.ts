import { connect } from "node:net"
import { once } from "node:events"
import { pipeline } from "node:stream/promises"
import type { Json } from "@sockerless/agent-link/protocol"
import { countOf } from "./params.ts"
import { Refused } from "./reply.ts"
import type { StreamTask } from "./stream-channel.ts"

/** A connection to a port that the user's process listens on; each direction ends by itself. */
export const port =
  (params: Json): StreamTask =>
  async ({ input, output, signal }) => {
    const number = countOf(params, "port")
    if (number < 1 || number > 65_535) throw new Refused("invalid", `${number} is no port`)
    const socket = connect({ port: number, host: "127.0.0.1", allowHalfOpen: true, noDelay: true })
    try {
      await once(socket, "connect", { signal })
      await Promise.all([pipeline(input, socket, { signal }), pipeline(socket, output, { signal })])
      return null
    } finally {
      socket.destroy()
    }
  }
