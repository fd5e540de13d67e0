import { dockerApi } from "@sockerless/docker-api"
import {
  type Containers,
  type Events,
  type Execs,
  type Images,
  type Networks,
  type Recovery,
  System,
  type Volumes
} from "@sockerless/engine"
import type { Fault } from "@sockerless/faults"
import { Effect, Layer } from "effect"
import { version } from "../cli/version.ts"
import type { LaunchOrder } from "../launch/launch-order.ts"
import type { MakeGraph, RecoveryFacts } from "./run.ts"

/** Docker's nouns as the wire wants them. */
type Engine = Containers | Events | Execs | Images | Networks | Recovery | System | Volumes

/** The layers one order asks for: an engine over its store, images and backends, and how it recovers. */
export interface Parts {
  readonly engine: Layer.Layer<Engine, Fault>
  readonly backends: ReadonlyArray<string>
  readonly recover: Effect.Effect<RecoveryFacts, Fault, Engine>
}

/** Puts the wire on top of an engine. Building the layers opens the store; nothing is recovered before `recover`. */
export const graphOf =
  (partsOf: (order: LaunchOrder) => Parts): MakeGraph =>
  (order, observe) =>
    Effect.gen(function* () {
      const parts = partsOf(order)
      const engine = yield* Layer.build(parts.engine)
      const system = yield* Effect.provideContext(System, engine)
      const api = yield* Effect.provideContext(
        dockerApi({ version, allowedHosts: order.config.allowedHosts, observe }),
        engine
      )
      return {
        createServer: (kind, tls) => api.createServer(kind, tls),
        backends: parts.backends,
        counts: Effect.map(system.facts, (facts) => facts.containers),
        ready: system.ready,
        recover: Effect.provideContext(parts.recover, engine)
      }
    })
