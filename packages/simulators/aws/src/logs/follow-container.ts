import { readLog } from "@sockerless/oci-runtime"
import type { WorkloadHost } from "@sockerless/simulator-kit"
import { Effect, Stream } from "effect"
import type { LogStore, NewEvent } from "./store.ts"

export interface Followed {
  /** The container, whose lines are counted so that a restart goes on where it was. */
  readonly id: string
  readonly group: string
  readonly stream: string
}

const eventOf = (line: string): NewEvent => {
  const space = line.indexOf(" ")
  return { timestamp: Date.parse(line.slice(0, space)), message: line.slice(space + 1) }
}

/** Lines of a stream of bytes, an unfinished last one included; each block's lines together. */
async function* lineBlocks(input: AsyncIterable<Buffer>): AsyncGenerator<ReadonlyArray<string>> {
  let held: Buffer = Buffer.alloc(0)
  for await (const piece of input) {
    const whole = held.length === 0 ? piece : Buffer.concat([held, piece])
    const end = whole.lastIndexOf("\n")
    held = Buffer.from(whole.subarray(end + 1))
    if (end !== -1) yield whole.toString("utf8", 0, end).split("\n")
  }
  if (held.length > 0) yield [held.toString("utf8")]
}

/** Takes a container's output into its log stream until the container has ended and all of it is in. */
export const followContainer = (
  store: LogStore,
  host: WorkloadHost["Service"],
  followed: Followed
): Effect.Effect<void> =>
  Effect.gen(function* () {
    store.ensureStream(followed.group, followed.stream)
    const ended = new AbortController()
    yield* Effect.forkChild(
      Effect.andThen(
        host.exit(followed.id),
        Effect.sync(() => ended.abort())
      )
    )
    const log = readLog(host.logFile(followed.id), {
      follow: true,
      from: "start",
      stdout: true,
      stderr: true,
      framing: "raw",
      timestamps: true,
      prefix: "",
      ended: ended.signal
    })
    let skip = store.linesOf(followed.id)
    yield* Stream.runForEach(
      Stream.fromAsyncIterable(lineBlocks(log as AsyncIterable<Buffer>), (cause) => cause),
      (lines) => {
        const fresh = lines.slice(skip)
        skip = Math.max(0, skip - lines.length)
        store.append(followed.group, followed.stream, fresh.map(eventOf), followed.id)
        return store.world.simulation.book.settle
      }
    ).pipe(
      Effect.catch((cause) => Effect.logError(`the output of ${followed.id} cannot be read`, cause)),
      Effect.ensuring(Effect.sync(() => log.destroy()))
    )
  })
