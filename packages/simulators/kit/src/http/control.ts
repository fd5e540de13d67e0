import { Stream } from "node:stream"
import { Effect, Option, Schema } from "effect"
import { FaultRule } from "../faults/plan.ts"
import type { Simulation } from "../simulation.ts"
import { wholeBody } from "./body.ts"
import { jsonReply, type WireReply, type WireRequest } from "./wire.ts"

/** Where a simulator's own levers are: never a path of a cloud. */
export const CONTROL_PREFIX = "/_sim/v1/"

const LIMIT = 1024 * 1024
const decodeRule = Schema.decodeUnknownOption(Schema.fromJsonString(FaultRule))
const decodeClock = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      advanceMillis: Schema.optionalKey(Schema.Number),
      state: Schema.optionalKey(Schema.Literals(["stopped", "running"]))
    })
  )
)

const refused = (message: string): WireReply => jsonReply({ message }, 400)

const textOf = (request: WireRequest): Effect.Effect<string> =>
  wholeBody(request.body, LIMIT).pipe(
    Effect.map((body) => body.toString("utf8")),
    Effect.orElseSucceed(() => "")
  )

const faults = (simulation: Simulation, request: WireRequest): Effect.Effect<WireReply> =>
  Effect.gen(function* () {
    const id = Number(request.path.slice(`${CONTROL_PREFIX}faults/`.length))
    if (request.method === "GET") return jsonReply(simulation.faults.list())
    if (request.method === "DELETE") {
      if (id > 0) simulation.faults.remove(id)
      else simulation.faults.clear()
      return jsonReply({})
    }
    const rule = decodeRule(yield* textOf(request))
    return Option.isNone(rule)
      ? refused("this is not a fault rule")
      : jsonReply({ id: simulation.faults.add(rule.value) })
  })

const clock = (simulation: Simulation, request: WireRequest): Effect.Effect<WireReply> =>
  Effect.gen(function* () {
    if (request.method === "POST") {
      const change = decodeClock(yield* textOf(request))
      if (Option.isNone(change)) return refused("give advanceMillis or state")
      if (change.value.state === "stopped") simulation.clock.stop()
      if (change.value.state === "running") simulation.clock.run()
      simulation.clock.advance(change.value.advanceMillis ?? 0)
    }
    return jsonReply({ now: simulation.clock.now(), state: simulation.clock.isStopped ? "stopped" : "running" })
  })

const held = (simulation: Simulation, request: WireRequest): WireReply => {
  const index = Number(request.path.slice(`${CONTROL_PREFIX}held/`.length))
  if (request.method === "DELETE") simulation.letGo(index)
  return jsonReply(simulation.held())
}

/** Bodies that are streamed (a layer, an object) are no part of the journal. */
const withoutStreams = (_key: string, value: unknown): unknown => (value instanceof Stream ? "(a stream)" : value)

const journal = (simulation: Simulation, since: number): WireReply => {
  const text = JSON.stringify(simulation.journal.since(since), withoutStreams)
  return { status: 200, headers: { "Content-Type": "application/json" }, body: text }
}

/** Answers the simulator's own routes: `journal?since=`, `faults`, `clock` and `held`. */
export const answerControl = (simulation: Simulation, request: WireRequest): Effect.Effect<WireReply> => {
  const [what] = request.path.slice(CONTROL_PREFIX.length).split("/")
  switch (what) {
    case "journal":
      return Effect.sync(() => journal(simulation, Number(request.query.get("since") ?? "0")))
    case "faults":
      return faults(simulation, request)
    case "clock":
      return clock(simulation, request)
    case "held":
      return Effect.sync(() => held(simulation, request))
    default:
      return Effect.succeed(jsonReply({ message: "routes are journal, faults, clock and held" }, 404))
  }
}
