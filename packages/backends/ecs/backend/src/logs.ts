import type { OutputLogEvent } from "@aws-sdk/client-cloudwatch-logs"
import type { AttachOptions, AttachSession, LogOptions } from "@sockerless/backend-contract"
import { patiently } from "@sockerless/cloud-aws"
import { Deferred, Effect } from "effect"
import { Readable } from "node:stream"
import { CONTAINER_NAME, type EcsContext, type LiveRun } from "./context.ts"
import type { EcsState } from "./handle.ts"
import { logPrefix } from "./task-definition.ts"

/** CloudWatch's limit for one page of events. */
const PAGE_EVENTS = 10_000
const FRAME_BYTES = 8
const STDOUT = 1

interface Lines {
  readonly timestamps: boolean
  readonly prefix: string
  readonly tty: boolean
  readonly sinceMillis: number | undefined
  readonly untilMillis: number | undefined
}

/** CloudWatch keeps the two outputs as one and drops the line end: all lines are shown as standard output. */
const framed = (event: OutputLogEvent, lines: Lines): Buffer => {
  const time = lines.timestamps ? `${new Date(event.timestamp ?? 0).toISOString().replace("Z", "000000Z")} ` : ""
  const text = Buffer.from(`${time}${lines.prefix}${event.message ?? ""}\n`)
  if (lines.tty) return text
  const frame = Buffer.alloc(FRAME_BYTES + text.length)
  frame[0] = STDOUT
  frame.writeUInt32BE(text.length, 4)
  text.copy(frame, FRAME_BYTES)
  return frame
}

const streamName = (containerId: string, taskArn: string): string =>
  `${logPrefix(containerId)}/${CONTAINER_NAME}/${taskArn.split("/").at(-1)}`

interface Page {
  readonly events: ReadonlyArray<OutputLogEvent>
  readonly token: string | undefined
}

const page = (
  context: EcsContext,
  logStreamName: string,
  from: { readonly token: string | undefined; readonly lines: Lines; readonly tail?: number }
) => {
  const { token, lines, tail } = from
  return patiently(
    context.options.account.logs("GetLogEvents", (client, sdk, call) =>
      client.send(
        new sdk.GetLogEventsCommand({
          logGroupName: context.options.logGroup,
          logStreamName,
          startFromHead: tail === undefined,
          limit: tail === undefined ? PAGE_EVENTS : Math.min(tail, PAGE_EVENTS),
          ...(token === undefined ? {} : { nextToken: token }),
          ...(lines.sinceMillis === undefined ? {} : { startTime: lines.sinceMillis }),
          ...(lines.untilMillis === undefined ? {} : { endTime: lines.untilMillis + 1 })
        }),
        call
      )
    )
  ).pipe(
    Effect.map((answer): Page => ({ events: answer.events ?? [], token: answer.nextForwardToken })),
    // The stream appears with the task's first line.
    Effect.catchIf(
      (fault) => fault.code === "ResourceNotFoundException",
      () => Effect.succeed<Page>({ events: [], token })
    )
  )
}

interface Reading {
  readonly lines: Lines
  readonly tail: number | undefined
  readonly follow: boolean
  /** Completed when the task has ended; what it wrote last may still be on its way. */
  readonly ended: Effect.Effect<boolean>
}

async function* events(context: EcsContext, name: string, reading: Reading): AsyncGenerator<Buffer> {
  const { lines, follow, ended } = reading
  let { tail } = reading
  let token: string | undefined
  let quietSince: number | undefined
  if (tail === 0) {
    token = (await Effect.runPromise(page(context, name, { token, lines, tail: 1 }))).token
    tail = undefined
  }
  for (;;) {
    const wasEnded = await Effect.runPromise(ended)
    const next = await Effect.runPromise(page(context, name, { token, lines, ...(tail === undefined ? {} : { tail }) }))
    tail = undefined
    for (const event of next.events) yield framed(event, lines)
    const isAtEnd = next.events.length === 0 && (next.token === token || next.token === undefined)
    token = next.token ?? token
    if (!isAtEnd) {
      quietSince = undefined
      continue
    }
    if (!follow) return
    quietSince ??= Date.now()
    if (wasEnded && Date.now() - quietSince >= context.timing.logSettleMillis) return
    await new Promise((resolve) => setTimeout(resolve, context.timing.logPollMillis))
  }
}

const toMillis = (nanos: bigint | undefined): number | undefined =>
  nanos === undefined ? undefined : Number(nanos / 1_000_000n)

const isDone = (live: LiveRun | undefined): Effect.Effect<boolean> =>
  live === undefined ? Effect.succeed(true) : Deferred.isDone(live.ended)

/** `docker logs`, of the newest run, from CloudWatch. */
export const logsOf = (context: EcsContext, state: EcsState, options: LogOptions): Readable => {
  if (state.taskArn === undefined || !options.stdout) return Readable.from([])
  const live = context.live.get(state.id)
  return Readable.from(
    events(context, streamName(state.id, state.taskArn), {
      lines: {
        timestamps: options.timestamps,
        prefix: options.detailsPrefix,
        tty: options.tty,
        sinceMillis: toMillis(options.since),
        untilMillis: toMillis(options.until)
      },
      tail: options.tail,
      follow: options.follow,
      ended: isDone(live)
    }),
    { objectMode: false }
  )
}

/** Output of the current run, or of the next one when none runs. Nothing can be sent in. */
export const attachTo = (context: EcsContext, state: EcsState, options: AttachOptions): AttachSession => {
  const lines: Lines = {
    timestamps: false,
    prefix: "",
    tty: options.tty,
    sinceMillis: undefined,
    untilMillis: undefined
  }
  const read = (live: LiveRun, tail: number | undefined) =>
    events(context, streamName(state.id, live.taskArn), { lines, tail, follow: true, ended: isDone(live) })
  const running = context.live.get(state.id)
  const whole = async function* () {
    if (running !== undefined) {
      yield* read(running, options.replay ? undefined : 0)
      return
    }
    const next = await new Promise<LiveRun>((resolve) => {
      const waiting = context.awaited.get(state.id) ?? new Set()
      waiting.add(resolve)
      context.awaited.set(state.id, waiting)
    })
    yield* read(next, undefined)
  }
  return {
    output: options.stdout ? Readable.from(whole(), { objectMode: false }) : Readable.from([]),
    input: undefined
  }
}
