import type * as LogsSdk from "@aws-sdk/client-cloudwatch-logs"
import type * as EcrSdk from "@aws-sdk/client-ecr"
import type * as EcsSdk from "@aws-sdk/client-ecs"
import type * as TaggingSdk from "@aws-sdk/client-resource-groups-tagging-api"
import type * as S3Sdk from "@aws-sdk/client-s3"
import { Effect } from "effect"
import { type AwsFault, awsFault } from "./faults.ts"

/** Where an account is reached, and as whom. */
export interface AwsOptions {
  readonly region: string
  /** Undefined: from where the SDK looks for them (environment, files, roles). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
  /** For a simulator or a private endpoint; undefined for AWS itself, or what `AWS_ENDPOINT_URL` says. */
  readonly endpoint?: string | undefined
}

/** One attempt at one operation; `signal` aborts it when nobody waits any more. */
type Call<Client, Sdk> = <A>(
  operation: string,
  run: (client: Client, sdk: Sdk, options: { readonly abortSignal: AbortSignal }) => Promise<A>
) => Effect.Effect<A, AwsFault>

/**
 * The services of one account. An SDK is loaded at the first call of its service. Each call is one attempt: who asks
 * decides whether and when it is repeated, so that every attempt can be recorded.
 */
export interface AwsAccount {
  readonly region: string
  readonly ecs: Call<EcsSdk.ECSClient, typeof EcsSdk>
  readonly ecr: Call<EcrSdk.ECRClient, typeof EcrSdk>
  readonly logs: Call<LogsSdk.CloudWatchLogsClient, typeof LogsSdk>
  readonly s3: Call<S3Sdk.S3Client, typeof S3Sdk>
  readonly tagging: Call<TaggingSdk.ResourceGroupsTaggingAPIClient, typeof TaggingSdk>
}

/** An answer that has not begun after this long is given up; whether it was applied is then unknown. */
const REQUEST_MILLIS = 30_000

const lazily = <A>(load: () => Promise<A>): (() => Promise<A>) => {
  let loaded: Promise<A> | undefined
  return () => (loaded ??= load())
}

/** The account as its options say; nothing is loaded or asked yet. */
export const awsAccount = (options: AwsOptions): AwsAccount => {
  const config = {
    region: options.region,
    maxAttempts: 1,
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    // Live tail's own host prefix exists at AWS only.
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, disableHostPrefix: true })
  }
  const call =
    <Client, Sdk>(service: string, load: () => Promise<readonly [client: Client, sdk: Sdk]>): Call<Client, Sdk> =>
    (operation, run) =>
      Effect.tryPromise({
        try: async (signal) => {
          const [client, sdk] = await load()
          return run(client, sdk, { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MILLIS)]) })
        },
        catch: (cause) => awsFault(service, operation, cause)
      })
  return {
    region: options.region,
    ecs: call(
      "ECS",
      lazily(async () => {
        const sdk = await import("@aws-sdk/client-ecs")
        return [new sdk.ECSClient(config), sdk] as const
      })
    ),
    ecr: call(
      "ECR",
      lazily(async () => {
        const sdk = await import("@aws-sdk/client-ecr")
        return [new sdk.ECRClient(config), sdk] as const
      })
    ),
    logs: call(
      "CloudWatch Logs",
      lazily(async () => {
        const sdk = await import("@aws-sdk/client-cloudwatch-logs")
        return [new sdk.CloudWatchLogsClient(config), sdk] as const
      })
    ),
    s3: call(
      "S3",
      lazily(async () => {
        const sdk = await import("@aws-sdk/client-s3")
        return [new sdk.S3Client({ ...config, forcePathStyle: options.endpoint !== undefined }), sdk] as const
      })
    ),
    tagging: call(
      "Resource Groups Tagging",
      lazily(async () => {
        const sdk = await import("@aws-sdk/client-resource-groups-tagging-api")
        return [new sdk.ResourceGroupsTaggingAPIClient(config), sdk] as const
      })
    )
  }
}
