import type { Table } from "@sockerless/simulator-kit"
import { Effect } from "effect"
import type { EcrShelf } from "../ecr/shelf.ts"
import type { EfsShelf } from "../efs/shelf.ts"
import type { LogStore } from "../logs/store.ts"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import type { World } from "../world.ts"
import { FunctionRecord, QueuedRecord, SandboxRecord } from "./records.ts"

/** What every operation of Lambda works with. */
export interface LambdaShelf {
  readonly world: World
  readonly logs: LogStore
  readonly ecr: EcrShelf
  readonly efs: EfsShelf
  readonly functions: Table<FunctionRecord>
  readonly sandboxes: Table<SandboxRecord>
  readonly queue: Table<QueuedRecord>
}

/** Opens what Lambda held before. */
export const openLambda = Effect.fnUntraced(function* (
  world: World,
  parts: { readonly logs: LogStore; readonly ecr: EcrShelf; readonly efs: EfsShelf }
) {
  const { book } = world.simulation
  const shelf: LambdaShelf = {
    world,
    ...parts,
    functions: yield* book.table("lambda/functions", FunctionRecord),
    sandboxes: yield* book.table("lambda/sandboxes", SandboxRecord),
    queue: yield* book.table("lambda/queue", QueuedRecord)
  }
  return shelf
})

export const functionArn = (world: World, name: string): string => world.arn("lambda", `function:${name}`)

/** The name in a function's name, ARN or partial ARN, without its qualifier. */
export const functionName = (text: string): string => {
  const after = text.includes("function:") ? (text.split("function:")[1] ?? text) : text
  return after.split(":")[0] ?? after
}

export const functionOf = (shelf: LambdaShelf, nameOrArn: string): Effect.Effect<FunctionRecord, AwsFault> => {
  const name = functionName(nameOrArn)
  const found = shelf.functions.get(name)
  return found === undefined
    ? Effect.fail(
        awsFault("ResourceNotFoundException", `Function not found: ${functionArn(shelf.world, name)}`, { status: 404 })
      )
    : Effect.succeed(found)
}

/** Whether a function can be invoked by now. */
export const stateOf = (shelf: LambdaShelf, record: FunctionRecord): "Pending" | "Active" =>
  shelf.world.simulation.clock.now() >= record.activeAt ? "Active" : "Pending"

export const invalid = (text: string): AwsFault => awsFault("InvalidParameterValueException", text)
