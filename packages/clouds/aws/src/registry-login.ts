import { Effect } from "effect"
import type { AwsAccount } from "./account.ts"
import { AwsFault } from "./faults.ts"
import { patiently } from "./retry.ts"

/** Credentials for the account's own registry; ECR gives them for twelve hours. */
export interface RegistryLogin {
  readonly username: string
  readonly password: string
  readonly expiresAtMillis: number
}

/** Asks ECR for a password. */
export const registryLogin = (account: AwsAccount): Effect.Effect<RegistryLogin, AwsFault> =>
  Effect.flatMap(
    patiently(
      account.ecr("GetAuthorizationToken", (client, sdk, options) =>
        client.send(new sdk.GetAuthorizationTokenCommand({}), options)
      )
    ),
    ({ authorizationData }) => {
      const [first] = authorizationData ?? []
      const [username, password] = Buffer.from(first?.authorizationToken ?? "", "base64")
        .toString("utf8")
        .split(":")
      if (username === undefined || password === undefined) {
        return Effect.fail(
          new AwsFault({
            service: "ECR",
            operation: "GetAuthorizationToken",
            code: "NoToken",
            reason: "the answer holds no token",
            applied: "no",
            retryable: false,
            resourceIds: [],
            kindOfFault: "failed"
          })
        )
      }
      return Effect.succeed({ username, password, expiresAtMillis: first?.expiresAt?.getTime() ?? 0 })
    }
  )
