import { makeEcsBackend } from "@sockerless/backend-ecs"
import { awsAccount, s3Bucket } from "@sockerless/cloud-aws"
import { Lease, Ledger } from "@sockerless/resource-registry"
import { Effect, Layer } from "effect"
import type { EcsSettings } from "../config/runtimes.ts"

/** The ECS backend of this instance, under its lease in the account's bucket. Loaded only where it is configured. */
export const ecsBackend = (settings: EcsSettings, instance: string) => {
  const account = awsAccount({ region: settings.region, endpoint: settings.endpoint })
  const ledger = Ledger.layer.pipe(
    Layer.provideMerge(Lease.bucket({ instance }).pipe(Layer.provide(s3Bucket(account, settings.bucket))))
  )
  return Effect.gen(function* () {
    const registry = yield* Layer.build(ledger)
    const lease = yield* Effect.provideContext(Lease, registry)
    // Another daemon acts in our place: whatever we did from now on would be against it.
    yield* Effect.forkScoped(
      Effect.flatMap(lease.lost, (lost) =>
        Effect.andThen(
          Effect.logFatal(lost.message),
          Effect.sync(() => process.kill(process.pid, "SIGKILL"))
        )
      )
    )
    return yield* makeEcsBackend({
      account,
      cluster: settings.cluster,
      subnets: settings.subnets,
      securityGroups: settings.securityGroups,
      assignPublicIp: settings.assignPublicIp,
      executionRoleArn: settings.executionRoleArn,
      taskRoleArn: settings.taskRoleArn,
      logGroup: settings.logGroup,
      repository: settings.repository
    }).pipe(Effect.provideContext(registry))
  })
}
