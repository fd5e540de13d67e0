import { Layer, Logger, References } from "effect"
import { createWriteStream, writeSync } from "node:fs"
import type { LogFormat, LogLevel } from "../config/config.ts"

/** Lines waiting for a reader that does not read; more are dropped and counted, so that no pipe stalls the daemon. */
const WAITING_BYTES = 1024 * 1024

const levels = { debug: "Debug", info: "Info", warn: "Warn", error: "Error", fatal: "Fatal" } as const

/** Writes whole lines to standard error without ever waiting. */
export const makeLineWriter = (): ((line: string) => void) => {
  const stream = createWriteStream("/dev/stderr", { fd: 2, autoClose: false })
  // A terminal that has gone away is no reason to end: the daemon goes on without it.
  stream.on("error", () => undefined)
  let dropped = 0
  return (line) => {
    if (stream.errored !== null) return
    if (stream.writableLength > WAITING_BYTES) {
      dropped += 1
      return
    }
    if (dropped > 0) stream.write(`sockerlessd: ${dropped} log lines dropped, the reader is too slow\n`)
    dropped = 0
    stream.write(`${line}\n`)
  }
}

type Structured = ReturnType<(typeof Logger.formatStructured)["log"]>

const word = (value: unknown): string =>
  typeof value === "string" ? (/[\s"]/.test(value) ? JSON.stringify(value) : value) : JSON.stringify(value)

const text = (message: unknown): string =>
  Array.isArray(message) ? message.map(text).join(" ") : typeof message === "string" ? message : JSON.stringify(message)

const pretty = (entry: Structured): string => {
  const facts = Object.entries(entry.annotations).map(([key, value]) => ` ${key}=${word(value)}`)
  const cause = entry.cause === undefined ? "" : `\n${entry.cause}`
  return `${entry.timestamp.slice(11, 23)} ${entry.level.padEnd(5)} ${text(entry.message)}${facts.join("")}${cause}`
}

const json = (entry: Structured): string =>
  JSON.stringify({
    time: entry.timestamp,
    level: entry.level.toLowerCase(),
    msg: text(entry.message),
    ...entry.annotations,
    ...(entry.cause === undefined ? {} : { cause: entry.cause })
  })

/** The daemon's log: one line per entry on standard error. */
export const logLayer = (format: LogFormat, level: LogLevel, write: (line: string) => void): Layer.Layer<never> => {
  const render = format === "json" ? json : pretty
  const logger = Logger.make((options) => write(render(Logger.formatStructured.log(options))))
  return Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, levels[level]))
}

/** The last words of a process that ends now; they must not wait in a queue. */
export const lastWords = (words: string): void => {
  writeSync(2, `sockerlessd: ${words}\n`)
}
