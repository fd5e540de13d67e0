import type { Handle } from "@sockerless/backend-contract"
import { Effect, Option, Schema } from "effect"
import { HandleUnknown } from "./faults.ts"

const VERSION = 1

/** What is remembered of a container: its task definition, and its newest run. */
export const EcsState = Schema.Struct({
  id: Schema.String,
  definitionArn: Schema.String,
  /** Counts starts from 1; 0 before the first. */
  run: Schema.Number,
  taskArn: Schema.optionalKey(Schema.String)
})
export type EcsState = typeof EcsState.Type

const decode = Schema.decodeUnknownOption(EcsState)

export const handleOf = (state: EcsState): Handle => ({ backend: "ecs", version: VERSION, state: { ...state } })

export const stateOf = (handle: Handle): Effect.Effect<EcsState, HandleUnknown> =>
  Option.match(handle.version === VERSION ? decode(handle.state) : Option.none(), {
    onNone: () => Effect.fail(new HandleUnknown({ version: handle.version })),
    onSome: Effect.succeed
  })
