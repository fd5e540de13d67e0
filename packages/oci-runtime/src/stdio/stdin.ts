import { closeSync, constants, openSync, write } from "node:fs"
import { Socket } from "node:net"
import { Writable } from "node:stream"
import { connectSeqpacketForWriting } from "@sockerless/libc"

/**
 * Opens the writing side of a container's stdin FIFO. Opened for reading too, so that it neither blocks nor fails
 * while the process has not opened its side yet.
 */
export const openStdinFifo = (path: string): number => openSync(path, constants.O_RDWR | constants.O_NONBLOCK)

/**
 * Writes to a stdin FIFO with back-pressure. Ending it closes our side, which is EOF for a process that has no other
 * writer. `fd` belongs to the stream from here on.
 */
export const fifoStdin = (fd: number): Writable => {
  const pipe = new Socket({ fd, readable: false, writable: true })
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      pipe.write(chunk, (error) => done(error))
    },
    // shutdown(2) does not exist for a FIFO: closing is the only end it has.
    final: (done) => {
      pipe.destroy()
      done()
    },
    destroy: (error, done) => {
      pipe.destroy()
      done(error)
    }
  })
  pipe.on("error", (error) => stream.destroy(error))
  return stream
}

/** conmon reads packets into a buffer of this size; a longer one would be cut. */
const PACKET_BYTES = 8 * 1024
const RETRY_MILLIS = 2

/** Writes to a container's terminal through the monitor's attach socket; a terminal has no EOF, so ending detaches. */
export const terminalStdin = (attachSocket: string): Writable => {
  const fd = connectSeqpacketForWriting(attachSocket)
  const send = (packet: Buffer, rest: Buffer, done: (error?: Error | null) => void): void => {
    write(fd, packet, (error) => {
      // The monitor's queue is full because the process does not read its terminal.
      if (error?.code === "EAGAIN") setTimeout(() => send(packet, rest, done), RETRY_MILLIS)
      else if (error !== null) done(error)
      else if (rest.length === 0) done()
      else send(rest.subarray(0, PACKET_BYTES), rest.subarray(PACKET_BYTES), done)
    })
  }
  return new Writable({
    write: (chunk: Buffer, _, done) => send(chunk.subarray(0, PACKET_BYTES), chunk.subarray(PACKET_BYTES), done),
    destroy: (error, done) => {
      closeSync(fd)
      done(error)
    }
  })
}
