import type { Fault } from "@sockerless/faults"
import type { JsonValue, Store } from "@sockerless/store"
import { Effect, PubSub, Stream } from "effect"
import type { Filters } from "../filters.ts"
import { checkFilterKeys, matchesLabels } from "../filter-rules.ts"
import { nowNanos } from "../identity.ts"
import type { Event, Events } from "./events.ts"

const LOG = "events"
/** Events kept for `since=`; dockerd keeps 256. */
const KEPT = 2048
/** A reader this far behind is cut: it would otherwise hold memory for ever. */
const BACKLOG = 4096
/** Events of this long are kept by one write: a run tells seven, and none of them holds up a reply. */
const GATHER_MILLIS = 10

const keys = new Set([
  "container",
  "event",
  "image",
  "label",
  "type",
  "volume",
  "network",
  "daemon",
  "scope",
  "plugin",
  "node",
  "service",
  "secret",
  "config"
])

const anyOf = (filters: Filters, key: string, test: (value: string) => boolean): boolean => {
  const values = filters.get(key)
  return values === undefined || values.length === 0 || values.some(test)
}

const isActor = (event: Event, value: string): boolean =>
  event.actorId === value || event.attributes["name"] === value || event.actorId.startsWith(value)

/** Docker's event filters: values of one key are alternatives, keys must all match; labels must all match. */
export const matchesEvent = (event: Event, filters: Filters): boolean =>
  anyOf(filters, "type", (value) => value === event.type) &&
  anyOf(filters, "event", (value) => event.action === value || event.action.startsWith(`${value}:`)) &&
  anyOf(filters, "container", (value) => event.type === "container" && isActor(event, value)) &&
  anyOf(filters, "volume", (value) => event.type === "volume" && isActor(event, value)) &&
  anyOf(filters, "network", (value) => event.type === "network" && isActor(event, value)) &&
  anyOf(filters, "daemon", (value) => event.type === "daemon" && isActor(event, value)) &&
  anyOf(filters, "scope", (value) => value === "local") &&
  anyOf(filters, "image", (value) => {
    const image = event.type === "image" ? event.actorId : (event.attributes["image"] ?? "")
    return image === value || image.replace(/:[^:/]*$/, "") === value || event.attributes["name"] === value
  }) &&
  matchesLabels(event.attributes, filters.get("label") ?? [])

const toStored = (event: Event): JsonValue => ({
  ...event,
  attributes: { ...event.attributes },
  timeNano: String(event.timeNano)
})

const fromStored = (value: JsonValue): Event | undefined => {
  if (typeof value !== "object" || value === null || !("timeNano" in value)) return undefined
  const { type, action, actorId, attributes, timeNano, sequence } = value
  if (typeof type !== "string" || typeof action !== "string" || typeof actorId !== "string") return undefined
  const pairs = typeof attributes === "object" && attributes !== null ? Object.entries(attributes) : []
  return {
    type,
    action,
    actorId,
    attributes: Object.fromEntries(pairs.map(([key, text]) => [key, String(text)])),
    timeNano: BigInt(String(timeNano)),
    sequence: Number(sequence)
  }
}

/** The event log of one daemon: durable, replayed to readers, pushed to followers. */
export const makeEvents = Effect.fn("engine.events")(function* (
  store: Store["Service"]
): Effect.fn.Return<Events["Service"], Fault> {
  const hub = yield* PubSub.sliding<Event>(BACKLOG)
  const kept: Array<Event> = (yield* store.tail(LOG, KEPT)).flatMap(({ value }) => fromStored(value) ?? [])
  let sequence = kept.at(-1)?.sequence ?? 0
  const unkept: Array<JsonValue> = []
  // The change an event tells of is durable already; one lost in a crash is told by recovery's own events.
  const keep = Effect.gen(function* () {
    yield* Effect.sleep(GATHER_MILLIS)
    const values = unkept.splice(0)
    yield* store.commit(values.map((value) => ({ op: "append", log: LOG, value })))
    if (sequence % KEPT < values.length) yield* store.trim(LOG, KEPT)
  }).pipe(
    Effect.tapError((fault) => Effect.logWarning(`keeping events: ${fault.message}`)),
    Effect.ignore
  )
  const inWindow = (event: Event, since: bigint, until: bigint | undefined): boolean =>
    event.timeNano >= since && (until === undefined || event.timeNano <= until)
  return {
    publish: (given) =>
      Effect.gen(function* () {
        sequence += 1
        const event: Event = { ...given, sequence, timeNano: nowNanos() }
        kept.push(event)
        if (kept.length > KEPT) kept.splice(0, kept.length - KEPT)
        yield* PubSub.publish(hub, event)
        unkept.push(toStored(event))
        if (unkept.length === 1) yield* Effect.forkDetach(keep)
      }),
    follow: (options) =>
      Effect.gen(function* () {
        yield* checkFilterKeys(options.filters, keys)
        const { since, until } = options
        const past = since === undefined ? [] : kept.filter((event) => inWindow(event, since, until))
        const ended = until !== undefined && until <= nowNanos()
        const replay = Stream.fromIterable(past)
        if (ended) return replay.pipe(Stream.filter((event) => matchesEvent(event, options.filters)))
        const subscribed = sequence
        const live = Stream.fromPubSub(hub).pipe(Stream.filter((event) => event.sequence > subscribed))
        const bounded =
          until === undefined
            ? live
            : live.pipe(Stream.interruptWhen(Effect.sleep(Number((until - nowNanos()) / 1_000_000n))))
        return Stream.concat(replay, bounded).pipe(Stream.filter((event) => matchesEvent(event, options.filters)))
      })
  }
})
