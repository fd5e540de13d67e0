import { constants, openSync } from "node:fs"
import { Socket } from "node:net"
import { Writable } from "node:stream"
import { connectSeqpacketForWriting, SystemCallFailed } from "@sockerless/libc"
import { descriptorSink } from "./descriptor-sink.ts"

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

const isGone = (error: unknown): boolean =>
  error instanceof SystemCallFailed && (error.code === "ENOENT" || error.code === "ECONNREFUSED")

/**
 * Writes to a terminal through its monitor's attach socket; a terminal has no EOF, so ending detaches. Where the
 * monitor has already ended, with the process, what is written goes nowhere.
 */
export const terminalStdin = (attachSocket: string): Writable => {
  try {
    return descriptorSink(connectSeqpacketForWriting(attachSocket), PACKET_BYTES)
  } catch (error) {
    if (!isGone(error)) throw error
    return new Writable({ write: (_chunk, _encoding, done) => done() })
  }
}
