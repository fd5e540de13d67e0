import { decode, encode } from "dns-packet"
import { createSocket } from "node:dgram"
import { createServer } from "node:net"

/** A name server of the outside world: it knows `example.test`, and has 60 addresses for `many.test`, too many for UDP. */
export const startUpstream = (address: string): void => {
  const answer = (raw: Buffer, transport: "udp" | "tcp"): Buffer => {
    const query = decode(raw)
    const name = query.questions?.[0]?.name ?? ""
    const count = name === "many.test" ? 60 : name === "example.test" ? 1 : 0
    const cut = transport === "udp" && count > 1
    return encode({
      type: "response",
      id: query.id ?? 0,
      flags: (cut ? 0x200 : 0) | (count === 0 ? 3 : 0),
      questions: query.questions ?? [],
      answers: Array.from({ length: cut ? 0 : count }, (_, at) => ({
        type: "A" as const,
        name,
        ttl: 1,
        data: `192.0.2.${at + 1}`
      }))
    })
  }
  const udp = createSocket("udp4", (raw, from) => udp.send(answer(raw, "udp"), from.port, from.address))
  udp.bind(53, address)
  createServer((socket) => {
    socket.on("error", () => socket.destroy())
    socket.on("data", (chunk: Buffer) => {
      const bytes = answer(chunk.subarray(2), "tcp")
      const head = Buffer.alloc(2)
      head.writeUInt16BE(bytes.length)
      socket.write(Buffer.concat([head, bytes]))
    })
  }).listen(53, address)
}
