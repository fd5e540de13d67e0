import { type AwsFault, patiently } from "@sockerless/cloud-aws"
import { Effect } from "effect"
import type { EcsScope } from "./types.ts"

const isAbsent = (fault: AwsFault): boolean =>
  fault.code === "ClientException" && /describe task definition|does not exist/i.test(fault.reason)

/** The newest revision of a family, by its ARN. */
export const findDefinition = ({ account }: EcsScope, family: string): Effect.Effect<string | undefined, AwsFault> =>
  patiently(
    account.ecs("DescribeTaskDefinition", (client, sdk, call) =>
      client.send(new sdk.DescribeTaskDefinitionCommand({ taskDefinition: family }), call)
    )
  ).pipe(
    Effect.map(({ taskDefinition }) => taskDefinition?.taskDefinitionArn),
    Effect.catchIf(isAbsent, () => Effect.succeed(undefined))
  )

/** Takes a task definition away: inactive first, then deleted. Absent is success. */
export const deleteDefinition = Effect.fnUntraced(function* (
  { account }: EcsScope,
  arn: string
): Effect.fn.Return<void, AwsFault> {
  const known = yield* patiently(
    account.ecs("DeregisterTaskDefinition", (client, sdk, call) =>
      client.send(new sdk.DeregisterTaskDefinitionCommand({ taskDefinition: arn }), call)
    )
  ).pipe(
    Effect.as(true),
    Effect.catchIf(isAbsent, () => Effect.succeed(false))
  )
  if (!known) return
  yield* patiently(
    account.ecs("DeleteTaskDefinitions", (client, sdk, call) =>
      client.send(new sdk.DeleteTaskDefinitionsCommand({ taskDefinitions: [arn] }), call)
    )
  )
})
