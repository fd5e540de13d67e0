import { Effect, Schema } from "effect"
import { awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { badToken, groupName, requireGroup } from "./groups.ts"
import { matchesPattern } from "./pattern.ts"
import { type EventRecord, streamKey } from "./records.ts"
import type { LogStore } from "./store.ts"

const text = Schema.optionalKey(Schema.String)
const number = Schema.optionalKey(Schema.Number)
const EVENTS_AT_MOST = 10_000

const within = (event: EventRecord, range: { readonly startTime?: number; readonly endTime?: number }): boolean =>
  (range.startTime === undefined || event.timestamp >= range.startTime) &&
  (range.endTime === undefined || event.timestamp < range.endTime)

const token = (direction: "f" | "b", at: number): string => `${direction}/${String(at).padStart(56, "0")}/s`

const positionIn = (text: string): { readonly forward: boolean; readonly at: number } | undefined => {
  const found = /^([fb])\/(\d{56})\/s$/.exec(text)
  return found === null ? undefined : { forward: found[1] === "f", at: Number(found[2]) }
}

const getLogEvents = (store: LogStore) =>
  operation(
    "GetLogEvents",
    Schema.Struct({
      logGroupName: text,
      logGroupIdentifier: text,
      logStreamName: Schema.String,
      startTime: number,
      endTime: number,
      nextToken: text,
      limit: number,
      startFromHead: Schema.optionalKey(Schema.Boolean)
    }),
    (input, call) =>
      Effect.gen(function* () {
        const group = groupName(input)
        yield* requireGroup(store, group)
        if (!store.streams.has(streamKey(group, input.logStreamName)))
          return yield* awsFault("ResourceNotFoundException", "The specified log stream does not exist.")
        const events = store.visible(group, input.logStreamName).filter((event) => within(event, input))
        const limit = Math.min(input.limit ?? EVENTS_AT_MOST, call.view.pageSize ?? EVENTS_AT_MOST)
        const position = input.nextToken === undefined ? undefined : positionIn(input.nextToken)
        if (input.nextToken !== undefined && position === undefined) return yield* badToken()
        const forward = position?.forward ?? input.startFromHead === true
        const at = position?.at ?? (forward ? 0 : events.length)
        const [from, to] = forward ? [at, Math.min(events.length, at + limit)] : [Math.max(0, at - limit), at]
        // At the end the same token comes back: that is how a reader knows.
        return {
          events: events.slice(from, to).map((event) => ({
            timestamp: event.timestamp,
            message: event.message,
            ingestionTime: event.ingestedAt
          })),
          nextForwardToken: token("f", Math.max(from, to)),
          nextBackwardToken: token("b", from)
        }
      })
  )

const eventId = (event: EventRecord): string =>
  `${String(event.timestamp).padStart(28, "0")}${String(event.sequence).padStart(28, "0")}`

const filterLogEvents = (store: LogStore) =>
  operation(
    "FilterLogEvents",
    Schema.Struct({
      logGroupName: text,
      logGroupIdentifier: text,
      logStreamNames: Schema.optionalKey(Schema.Array(Schema.String)),
      logStreamNamePrefix: text,
      startTime: number,
      endTime: number,
      filterPattern: text,
      nextToken: text,
      limit: number
    }),
    (input, call) =>
      Effect.gen(function* () {
        const group = groupName(input)
        yield* requireGroup(store, group)
        const events = store.streams
          .all()
          .filter(
            (stream) =>
              stream.group === group &&
              (input.logStreamNames?.includes(stream.name) ?? true) &&
              stream.name.startsWith(input.logStreamNamePrefix ?? "")
          )
          .flatMap((stream) =>
            store
              .visible(group, stream.name)
              .filter((event) => within(event, input) && matchesPattern(input.filterPattern ?? "", event.message))
              .map((event) => ({ event, key: `${eventId(event)} ${stream.name}`, stream: stream.name }))
          )
          .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        const after = Buffer.from(input.nextToken ?? "", "base64url").toString()
        const rest = events.filter(({ key }) => key > after)
        const limit = Math.min(input.limit ?? EVENTS_AT_MOST, call.view.pageSize ?? EVENTS_AT_MOST)
        const page = rest.slice(0, limit)
        const last = page.at(-1)
        return {
          events: page.map(({ event, stream }) => ({
            logStreamName: stream,
            timestamp: event.timestamp,
            message: event.message,
            ingestionTime: event.ingestedAt,
            eventId: eventId(event)
          })),
          searchedLogStreams: [],
          ...(rest.length > page.length && last !== undefined
            ? { nextToken: Buffer.from(last.key).toString("base64url") }
            : {})
        }
      })
  )

/** Writing and reading events. */
export const eventOperations = (store: LogStore) => [
  operation(
    "PutLogEvents",
    Schema.Struct({
      logGroupName: Schema.String,
      logStreamName: Schema.String,
      logEvents: Schema.Array(Schema.Struct({ timestamp: Schema.Number, message: Schema.String }))
    }),
    (input) =>
      Effect.gen(function* () {
        yield* requireGroup(store, input.logGroupName)
        if (!store.streams.has(streamKey(input.logGroupName, input.logStreamName)))
          return yield* awsFault("ResourceNotFoundException", "The specified log stream does not exist.")
        const isSorted = input.logEvents.every(
          (event, at) => at === 0 || event.timestamp >= (input.logEvents[at - 1]?.timestamp ?? 0)
        )
        if (!isSorted)
          return yield* awsFault(
            "InvalidParameterException",
            "Log events in a single PutLogEvents request must be in chronological order."
          )
        store.append(input.logGroupName, input.logStreamName, input.logEvents)
        return { nextSequenceToken: String(store.visible(input.logGroupName, input.logStreamName).length + 1) }
      })
  ),
  getLogEvents(store),
  filterLogEvents(store)
]
