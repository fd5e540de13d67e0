import { Schema } from "effect"
import { SeededRandom } from "./random.ts"

/** What a rule does to a request that it matches. */
export const PlayedFault = Schema.Union([
  /** The cloud's own "slow down". */
  Schema.Struct({ kind: Schema.Literal("throttle") }),
  Schema.Struct({
    kind: Schema.Literal("error"),
    status: Schema.Number,
    code: Schema.String,
    message: Schema.optionalKey(Schema.String)
  }),
  Schema.Struct({ kind: Schema.Literal("latency"), millis: Schema.Number }),
  /** The connection breaks before anything is done. */
  Schema.Struct({ kind: Schema.Literal("reset") }),
  /** It is done and the connection breaks before the answer. */
  Schema.Struct({ kind: Schema.Literal("lost-response") }),
  /** It is done twice, as when a network delivers a request again. */
  Schema.Struct({ kind: Schema.Literal("duplicate") }),
  /** Reads see the world as it was so long ago. */
  Schema.Struct({ kind: Schema.Literal("stale"), millis: Schema.Number }),
  /** Listings lack their newest items. */
  Schema.Struct({ kind: Schema.Literal("omit-newest"), count: Schema.Number }),
  /** Listings come in pages of at most so many items. */
  Schema.Struct({ kind: Schema.Literal("page-size"), items: Schema.Number }),
  /** The request waits until it is let go: before it is done, or done and not answered. */
  Schema.Struct({ kind: Schema.Literal("hold"), phase: Schema.Literals(["before", "after"]) }),
  /** The service has no room for the workload just now. */
  Schema.Struct({ kind: Schema.Literal("capacity") })
])
export type PlayedFault = typeof PlayedFault.Type

/** Which requests a fault is played on. Absent parts match everything; `nth` counts the rule's matches from 1. */
export const FaultRule = Schema.Struct({
  match: Schema.Struct({
    service: Schema.optionalKey(Schema.String),
    operation: Schema.optionalKey(Schema.String),
    /** `*` stands for any text. */
    resource: Schema.optionalKey(Schema.String),
    nth: Schema.optionalKey(Schema.Number),
    probability: Schema.optionalKey(Schema.Number)
  }),
  /** How often the rule is played before it is spent; without it for ever. */
  times: Schema.optionalKey(Schema.Number),
  fault: PlayedFault
})
export type FaultRule = typeof FaultRule.Type

interface Standing {
  readonly id: number
  readonly rule: FaultRule
  seen: number
  played: number
}

const globbed = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join(".*")}$`
  ).test(text)

/** The faults a test has ordered. Chance comes from a seed, so that a run can be repeated. */
export class FaultPlan {
  readonly #standing = new Map<number, Standing>()
  readonly #random: SeededRandom
  #next = 1

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  /** Adds a rule and gives its id. */
  add(rule: FaultRule): number {
    const id = this.#next++
    this.#standing.set(id, { id, rule, seen: 0, played: 0 })
    return id
  }

  /** Forgets one rule. */
  remove(id: number): void {
    this.#standing.delete(id)
  }

  clear(): void {
    this.#standing.clear()
  }

  list(): ReadonlyArray<{ readonly id: number; readonly rule: FaultRule; readonly played: number }> {
    return [...this.#standing.values()].map(({ id, rule, played }) => ({ id, rule, played }))
  }

  /** The faults to play on a request, in the order in which the rules were added. */
  take(request: { readonly service: string; readonly operation: string; readonly resource: string }) {
    return [...this.#standing.values()].flatMap((standing): ReadonlyArray<PlayedFault> => {
      const { match, times, fault } = standing.rule
      if (match.service !== undefined && match.service !== request.service) return []
      if (match.operation !== undefined && match.operation !== request.operation) return []
      if (match.resource !== undefined && !globbed(match.resource, request.resource)) return []
      if (times !== undefined && standing.played >= times) return []
      standing.seen += 1
      if (match.nth !== undefined && match.nth !== standing.seen) return []
      if (match.probability !== undefined && this.#random.next() >= match.probability) return []
      standing.played += 1
      return [fault]
    })
  }
}
