import type { ChildProcess } from "node:child_process"
import { Readable } from "node:stream"
import { setTimeout as delay } from "node:timers/promises"

const FRAME_BYTES = 8

/** Docker's stdcopy header; it goes out before its chunk, whose bytes are not copied. */
const frameHeader = (stream: 1 | 2, length: number): Buffer => {
  const header = Buffer.allocUnsafe(FRAME_BYTES)
  header.writeUInt32BE(stream * 0x1000000, 0)
  header.writeUInt32BE(length, 4)
  return header
}

/** What a client reads of a child's output. */
export interface ExecOutput {
  readonly readable: Readable
  /** Resolves when nothing came for this long although the client was ready to read. */
  readonly quiet: (millis: number) => Promise<void>
  /** Ends the client's stream; what still holds the child's may go on writing there. */
  readonly finish: () => void
}

/**
 * Merges a child's outputs for one client. A slow client pauses the child and loses nothing; one that has left lets it
 * run dry.
 */
export const execOutput = (
  child: ChildProcess,
  wanted: { readonly stdout: boolean; readonly stderr: boolean }
): ExecOutput => {
  const sources = [
    { stream: 1 as const, wanted: wanted.stdout, readable: child.stdout },
    { stream: 2 as const, wanted: wanted.stderr, readable: child.stderr }
  ]
  const state = { chunks: 0, waiting: true, finished: false }
  const flow = () => {
    state.waiting = false
    for (const { readable } of sources) readable?.resume()
  }
  const hold = () => {
    state.waiting = true
    for (const { readable } of sources) readable?.pause()
  }
  const output = new Readable({
    read: flow,
    destroy: (error, done) => {
      flow()
      done(error)
    }
  })
  for (const { readable, stream, wanted: isWanted } of sources) {
    readable?.on("data", (chunk: Buffer) => {
      state.chunks += 1
      if (!isWanted || state.finished || output.destroyed) return
      output.push(frameHeader(stream, chunk.length))
      if (!output.push(chunk)) hold()
    })
    readable?.pause()
  }
  return {
    readable: output,
    quiet: async (millis) => {
      let before = -1
      while (!state.finished && (state.waiting || before !== state.chunks)) {
        before = state.chunks
        await delay(millis, undefined, { ref: false })
      }
    },
    finish: () => {
      state.finished = true
      if (!output.destroyed) output.push(null)
      flow()
    }
  }
}

/** The output of a process that never ran: this text. */
export const failedOutput = (text: string, tty: boolean): Readable => {
  const body = Buffer.from(text)
  return Readable.from([tty ? body : Buffer.concat([frameHeader(1, body.length), body])])
}
