import { crc32 } from "node:zlib"

const STRING_TYPE = 7

const header = (name: string, value: string): Buffer => {
  const length = Buffer.alloc(3)
  length.writeUInt8(STRING_TYPE, 0)
  length.writeUInt16BE(Buffer.byteLength(value), 1)
  return Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name), length, Buffer.from(value)])
}

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/** One message of `application/vnd.amazon.eventstream`: prelude, headers, payload, each part with its checksum. */
export const eventMessage = (event: string, payload: object): Buffer => {
  const headers = Buffer.concat([
    header(":event-type", event),
    header(":content-type", "application/json"),
    header(":message-type", "event")
  ])
  const body = Buffer.from(JSON.stringify(payload))
  const frameBytes = 16
  const prelude = Buffer.concat([number(frameBytes + headers.length + body.length), number(headers.length)])
  const start = Buffer.concat([prelude, number(crc32(prelude)), headers, body])
  return Buffer.concat([start, number(crc32(start))])
}
