import type { Handle, Intent, Launch } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import type { ResourceEntry } from "@sockerless/resource-registry"
import { DEFINITION, findDefinition } from "@sockerless/scanner-ecs"
import { Effect, Option } from "effect"
import { BACKEND, type EcsContext } from "./context.ts"
import { copyImage } from "./copy-image.ts"
import { handleOf } from "./handle.ts"
import { placeOf } from "./place.ts"
import { definitionOf } from "./task-definition.ts"

/** What the ledger holds of a container, of one type. */
export const heldOf = (
  context: EcsContext,
  containerId: string,
  type: string
): Effect.Effect<ReadonlyArray<ResourceEntry>> =>
  Effect.map(context.ledger.view, ({ resources }) =>
    resources.filter((entry) => entry.subject === containerId && entry.type === type && entry.state === "held")
  )

const definitionArn = (handle: ResourceEntry | { readonly id?: string } | undefined): string => handle?.id ?? ""

/** `create`: the image into the account's registry, then a task definition. */
export const createTaskDefinition = Effect.fn("ecs.create")(function* (
  context: EcsContext,
  launch: Launch,
  intent: Intent
): Effect.fn.Return<Handle, Fault> {
  const { spec } = launch
  const [held] = yield* heldOf(context, spec.id, DEFINITION)
  if (held !== undefined) return handleOf({ id: spec.id, definitionArn: definitionArn(held), run: 0 })
  const arn = yield* context.ledger.perform(
    { verb: "create", subject: spec.id, backend: BACKEND, rule: "back", request: intent.id },
    placeOf(context),
    (operation) =>
      Effect.gen(function* () {
        const image = yield* copyImage(context, spec.image.id)
        const made = yield* operation.make(
          { type: DEFINITION },
          {
            find: (identity) =>
              Effect.map(findDefinition(context.scope, identity.name), (found) =>
                Option.map(Option.fromUndefinedOr(found), (id) => ({ id }))
              ),
            isRefusal: (fault: Fault) => "applied" in fault && fault.applied === "no",
            create: (identity) =>
              Effect.gen(function* () {
                const input = yield* definitionOf(context, spec, image, identity)
                const { taskDefinition } = yield* context.options.account.ecs(
                  "RegisterTaskDefinition",
                  (client, sdk, call) => client.send(new sdk.RegisterTaskDefinitionCommand(input), call)
                )
                return { id: taskDefinition?.taskDefinitionArn ?? "" }
              })
          }
        )
        return made.id
      })
  )
  return handleOf({ id: spec.id, definitionArn: arn, run: 0 })
})
