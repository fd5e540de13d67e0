import { decode, encode, type Packet, type RecordType } from "dns-packet"
import { createSocket } from "node:dgram"
import { connect } from "node:net"

const [transport = "udp", type = "A", name = "", server = "127.0.0.11"] = process.argv.slice(2)
const raw = encode({
  type: "query",
  id: 7,
  flags: 0x100,
  questions: [{ type: type === "AAAA" || type === "PTR" ? type : ("A" satisfies RecordType), name }]
})

const show = (packet: Packet): void => {
  const flags = packet.flags ?? 0
  const answers = (packet.answers ?? []).map((answer) => ("data" in answer ? String(answer.data) : answer.type))
  const cut = (flags & 0x200) === 0 ? "" : " truncated"
  process.stdout.write(`code ${flags & 15}${cut} ${answers.toSorted().join(" ")}`.trim())
  process.exit(0)
}

setTimeout(() => {
  process.stdout.write("no answer")
  process.exit(0)
}, 4000)

if (transport === "tcp") {
  const socket = connect({ host: server, port: 53 })
  const head = Buffer.alloc(2)
  head.writeUInt16BE(raw.length)
  socket.write(Buffer.concat([head, raw]))
  let bytes: Buffer = Buffer.alloc(0)
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    if (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) show(decode(bytes.subarray(2)))
  })
} else {
  const socket = createSocket("udp4", (message) => show(decode(message)))
  socket.send(raw, 53, server)
}
