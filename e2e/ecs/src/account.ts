import { type AwsAccount, awsAccount } from "@sockerless/cloud-aws"
import type { Cloudsim } from "@sockerless/e2e-cloud-sdks"
import { Effect } from "effect"

/** The simulated account as a backend reaches it. */
export const accountOf = (sim: Cloudsim, over: { readonly secretAccessKey?: string } = {}): AwsAccount => {
  const environment = sim.environment()
  return awsAccount({
    region: environment["AWS_REGION"] ?? "",
    endpoint: environment["AWS_ENDPOINT_URL"],
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: over.secretAccessKey ?? environment["AWS_SECRET_ACCESS_KEY"] ?? ""
    }
  })
}

/** Makes a bucket, as the operator does before the first daemon starts. */
export const makeBucket = (account: AwsAccount, bucket: string) =>
  Effect.asVoid(
    account.s3("CreateBucket", (client, sdk, options) =>
      client.send(new sdk.CreateBucketCommand({ Bucket: bucket }), options)
    )
  )
