import type { AttachOptions, AttachSession, LogOptions } from "@sockerless/backend-contract"
import {
  bundleOf,
  fifoStdin,
  openStdinFifo,
  readLog,
  type RuntimeFolders,
  terminalStdin
} from "@sockerless/oci-runtime"
import { PassThrough, type Readable, type Writable } from "node:stream"
import type { Live } from "./live.ts"

/** Output of a container from its log file, framed as asked. Follows only while the container runs. */
export const logsOf = (logPath: string, live: Live, options: LogOptions): Readable =>
  readLog(logPath, {
    follow: options.follow && live.running !== undefined,
    from: "start",
    stdout: options.stdout,
    stderr: options.stderr,
    framing: options.tty ? "raw" : "multiplexed",
    timestamps: options.timestamps,
    prefix: options.detailsPrefix,
    ended: live.ended.signal,
    ...(options.tail === undefined ? {} : { tail: options.tail }),
    ...(options.since === undefined ? {} : { sinceNanos: options.since }),
    ...(options.until === undefined ? {} : { untilNanos: options.until })
  })

export interface StdinPlace {
  readonly folders: RuntimeFolders
  readonly id: string
  readonly tty: boolean
  readonly once: boolean
}

/** Where this client's input goes now that the process is there. `StdinOnce` has one writer, shared by who is first. */
const sinkOf = (place: StdinPlace, live: Live): { readonly sink: Writable; readonly endIt: boolean } | undefined => {
  const bundle = bundleOf(place.folders, place.id)
  if (place.tty) return { sink: terminalStdin(bundle.attachSocket), endIt: true }
  if (place.once) return live.stdin === undefined ? undefined : { sink: live.stdin, endIt: true }
  return { sink: fifoStdin(openStdinFifo(bundle.stdin)), endIt: true }
}

/** Input of one attached client: kept back until the process exists, then piped with back-pressure. */
const inputOf = (place: StdinPlace, live: Live): Writable => {
  const input = new PassThrough()
  const connect = (): void => {
    live.waitingForStdin.delete(connect)
    const target = sinkOf(place, live)
    if (target === undefined) {
      // A restarted daemon is no longer the process's writer: its stdin has already ended.
      input.resume()
      return
    }
    target.sink.on("error", () => input.destroy())
    input.pipe(target.sink, { end: target.endIt })
    // A client that is cut off ends its input too, as in Docker.
    input.once("close", () => void (target.endIt && target.sink.end()))
  }
  if (live.running === undefined) live.waitingForStdin.add(connect)
  else connect()
  input.once("close", () => live.waitingForStdin.delete(connect))
  return input
}

/** Live output from now on (or of the next run) and a way in. */
export const attachTo = (logPath: string, place: StdinPlace, live: Live, options: AttachOptions): AttachSession => ({
  output: readLog(logPath, {
    follow: true,
    from: options.replay ? "start" : "end",
    stdout: options.stdout,
    stderr: options.stderr,
    framing: options.tty ? "raw" : "multiplexed",
    timestamps: false,
    prefix: "",
    ended: live.ended.signal
  }),
  input: options.stdin ? inputOf(place, live) : undefined
})
