import type { Table } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { dropTags, type World } from "../world.ts"
import { EventRecord, GroupRecord, IntakeRecord, StreamRecord, streamKey } from "./records.ts"

export interface NewEvent {
  readonly timestamp: number
  readonly message: string
}

export interface ArrivedEvent extends EventRecord {
  readonly group: string
  readonly stream: string
}

type Listener = (events: ReadonlyArray<ArrivedEvent>) => void

const decodeEvent = Schema.decodeUnknownSync(EventRecord)

const isBefore = (a: EventRecord, b: EventRecord): boolean =>
  a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.sequence < b.sequence)

/** Log groups, streams and events. Events of a stream are in the order of their times, then of their arrival. */
export class LogStore {
  readonly groups: Table<typeof GroupRecord.Type>
  readonly streams: Table<StreamRecord>
  readonly world: World
  readonly #intake: Table<typeof IntakeRecord.Type>
  readonly #events = new Map<string, Array<EventRecord>>()
  readonly #listeners = new Set<Listener>()

  constructor(
    world: World,
    tables: {
      readonly groups: Table<typeof GroupRecord.Type>
      readonly streams: Table<StreamRecord>
      readonly intake: Table<typeof IntakeRecord.Type>
    }
  ) {
    this.world = world
    this.groups = tables.groups
    this.streams = tables.streams
    this.#intake = tables.intake
  }

  /** Opens the logs of the last run. */
  static readonly open = Effect.fnUntraced(function* (world: World) {
    const { book } = world.simulation
    const store = new LogStore(world, {
      groups: yield* book.table("logs/groups", GroupRecord),
      streams: yield* book.table("logs/streams", StreamRecord),
      intake: yield* book.table("logs/intake", IntakeRecord)
    })
    for (const stream of store.streams.all()) {
      const key = streamKey(stream.group, stream.name)
      for (const entry of yield* book.entries(`logs/${key}`)) store.#insert(key, decodeEvent(entry))
    }
    return store
  })

  arnOf(group: string): string {
    return this.world.arn("logs", `log-group:${group}`)
  }

  createGroup(name: string): void {
    this.groups.put(name, { name, createdAt: this.world.simulation.clock.now() })
  }

  /** Makes a stream unless it is there. */
  ensureStream(group: string, name: string): void {
    if (this.streams.has(streamKey(group, name))) return
    this.streams.put(streamKey(group, name), { group, name, createdAt: this.world.simulation.clock.now() })
  }

  /** Events that readers may see by now. */
  visible(group: string, stream: string): ReadonlyArray<EventRecord> {
    const now = this.world.simulation.clock.now()
    return (this.#events.get(streamKey(group, stream)) ?? []).filter((event) => event.visibleAt <= now)
  }

  /** Takes events in; `origin` is the container they come from, whose lines are counted in the same write. */
  append(group: string, stream: string, events: ReadonlyArray<NewEvent>, origin?: string): void {
    if (events.length === 0) return
    const key = streamKey(group, stream)
    const now = this.world.simulation.clock.now()
    const arrived = events.map((event) => {
      const sequence = (this.#events.get(key)?.length ?? 0) + 1
      const record = { ...event, sequence, ingestedAt: now, visibleAt: now + this.world.timing.logIngestionMillis }
      this.#insert(key, record)
      this.world.simulation.book.write({ op: "append", log: `logs/${key}`, value: record })
      return { ...record, group, stream }
    })
    if (origin !== undefined) this.#intake.put(origin, { id: origin, lines: this.linesOf(origin) + events.length })
    for (const listener of this.#listeners) listener(arrived)
  }

  /** Lines of a container that were taken in before. */
  linesOf(origin: string): number {
    return this.#intake.get(origin)?.lines ?? 0
  }

  /** Forgets how far a container was read: its output is gone. */
  forgetIntake(origin: string): void {
    this.#intake.delete(origin)
  }

  deleteStream(group: string, name: string): Effect.Effect<void> {
    const key = streamKey(group, name)
    this.streams.delete(key)
    this.#events.delete(key)
    return Effect.orDie(this.world.simulation.book.forget(`logs/${key}`))
  }

  deleteGroup(name: string): Effect.Effect<void> {
    this.groups.delete(name)
    dropTags(this.world, this.arnOf(name))
    const streams = this.streams.all().filter((stream) => stream.group === name)
    return Effect.forEach(streams, (stream) => this.deleteStream(name, stream.name), { discard: true })
  }

  /** Hears of events as they arrive, until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #insert(key: string, event: EventRecord): void {
    const events = this.#events.get(key) ?? []
    this.#events.set(key, events)
    const after = events.findLastIndex((other) => isBefore(other, event))
    events.splice(after + 1, 0, event)
  }
}
