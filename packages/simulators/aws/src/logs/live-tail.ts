import { Effect, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { PassThrough } from "node:stream"
import { operation } from "../wire/operation.ts"
import { eventMessage } from "./event-stream.ts"
import { groupName, requireGroup } from "./groups.ts"
import { matchesPattern } from "./pattern.ts"
import type { ArrivedEvent, LogStore } from "./store.ts"

const UPDATE_MILLIS = 1000
/** What a session gets of one second at most; the rest is sampled away. */
const SAMPLE = 500

const names = Schema.optionalKey(Schema.Array(Schema.String))

/** `StartLiveTail`: events as they arrive, once a second, sampled where there are too many. */
export const liveTailOperation = (store: LogStore) =>
  operation(
    "StartLiveTail",
    Schema.Struct({
      logGroupIdentifiers: Schema.Array(Schema.String),
      logStreamNames: names,
      logStreamNamePrefixes: names,
      logEventFilterPattern: Schema.optionalKey(Schema.String)
    }),
    (input, call) =>
      Effect.gen(function* () {
        const groups = input.logGroupIdentifiers.map((one) => groupName({ logGroupIdentifier: one }))
        for (const group of groups) yield* requireGroup(store, group)
        const isWanted = (event: ArrivedEvent): boolean =>
          groups.includes(event.group) &&
          (input.logStreamNames?.includes(event.stream) ?? true) &&
          (input.logStreamNamePrefixes?.some((prefix) => event.stream.startsWith(prefix)) ?? true) &&
          matchesPattern(input.logEventFilterPattern ?? "", event.message)
        const body = new PassThrough()
        let arrived: Array<ArrivedEvent> = []
        const unlisten = store.listen((events) => arrived.push(...events.filter(isWanted)))
        body.write(eventMessage("initial-response", {}))
        body.write(
          eventMessage("sessionStart", {
            requestId: call.requestId,
            sessionId: randomUUID(),
            logGroupIdentifiers: input.logGroupIdentifiers,
            logStreamNames: input.logStreamNames ?? [],
            logStreamNamePrefixes: input.logStreamNamePrefixes ?? [],
            logEventFilterPattern: input.logEventFilterPattern ?? ""
          })
        )
        const update = Effect.sync(() => {
          const events = arrived
          arrived = []
          body.write(
            eventMessage("sessionUpdate", {
              sessionMetadata: { sampled: events.length > SAMPLE },
              sessionResults: events.slice(0, SAMPLE).map((event) => ({
                logStreamName: event.stream,
                logGroupIdentifier: `${store.world.account}:${event.group}`,
                message: event.message,
                timestamp: event.timestamp,
                ingestionTime: event.ingestedAt
              }))
            })
          )
        })
        const gone = Effect.callback<void>((resume) => {
          body.once("close", () => resume(Effect.void))
        })
        yield* store.world.fork(
          Effect.forever(Effect.andThen(store.world.simulation.clock.sleep(UPDATE_MILLIS), update)).pipe(
            Effect.raceFirst(gone),
            Effect.ensuring(Effect.sync(unlisten))
          )
        )
        return { reply: { status: 200, headers: { "Content-Type": "application/vnd.amazon.eventstream" }, body } }
      })
  )
