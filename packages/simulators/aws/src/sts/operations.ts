import { Effect, Schema } from "effect"
import { operation } from "../wire/operation.ts"
import { isoSeconds, type World } from "../world.ts"

const HOUR_SECONDS = 3600

/** STS: who am I, and roles. */
export const stsOperations = (world: World) => [
  operation("GetCallerIdentity", Schema.Struct({}), (_, call) =>
    Effect.succeed({ UserId: call.caller.userId, Account: world.account, Arn: call.caller.arn })
  ),
  operation(
    "AssumeRole",
    Schema.Struct({
      RoleArn: Schema.String,
      RoleSessionName: Schema.String,
      DurationSeconds: Schema.optionalKey(Schema.String)
    }),
    (input) =>
      Effect.sync(() => {
        const role = input.RoleArn.split("/").at(-1) ?? input.RoleArn
        const keys = world.credentials.assume(role, input.RoleSessionName)
        const seconds = Number(input.DurationSeconds ?? HOUR_SECONDS)
        return {
          Credentials: {
            AccessKeyId: keys.accessKeyId,
            SecretAccessKey: keys.secretAccessKey,
            SessionToken: keys.sessionToken,
            Expiration: isoSeconds(world.simulation.clock.now() + seconds * 1000)
          },
          AssumedRoleUser: {
            AssumedRoleId: `AROASIMULATED:${input.RoleSessionName}`,
            Arn: `arn:aws:sts::${world.account}:assumed-role/${role}/${input.RoleSessionName}`
          }
        }
      })
  )
]
