import { BucketFailed, CasBucket, PreconditionFailed } from "@sockerless/resource-registry"
import { Effect, Layer } from "effect"
import type { AwsAccount } from "./account.ts"
import type { AwsFault } from "./faults.ts"

const failed = (key: string) => (fault: AwsFault) => new BucketFailed({ key, reason: fault.message })

const isRefused = (fault: AwsFault): boolean =>
  fault.code === "PreconditionFailed" || fault.code === "ConditionalRequestConflict" || fault.code === "NoSuchKey"

/** An S3 bucket whose conditional writes (`If-Match`, `If-None-Match`) hold the lease of an instance. */
export const s3Bucket = (account: AwsAccount, bucket: string): Layer.Layer<CasBucket> => {
  const put = (key: string, body: string, condition: { readonly IfMatch: string } | { readonly IfNoneMatch: string }) =>
    account
      .s3("PutObject", (client, sdk, options) =>
        client.send(
          new sdk.PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body,
            ContentType: "application/json",
            ...condition
          }),
          options
        )
      )
      .pipe(
        Effect.mapError((fault) => (isRefused(fault) ? new PreconditionFailed({ key }) : failed(key)(fault))),
        Effect.map(({ ETag }) => ETag ?? "")
      )
  return Layer.succeed(CasBucket, {
    get: (key) =>
      account
        .s3("GetObject", async (client, sdk, options) => {
          const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key })
          let serverMillis = Date.now()
          // The server's own clock stands in the answer's head, which the SDK drops.
          command.middlewareStack.add(
            (next) => async (args) => {
              const result = await next(args)
              const { response } = result
              const headers: unknown =
                typeof response === "object" && response !== null ? Reflect.get(response, "headers") : undefined
              const date: unknown = typeof headers === "object" && headers !== null ? Reflect.get(headers, "date") : ""
              const parsed = Date.parse(String(date))
              if (Number.isFinite(parsed)) serverMillis = parsed
              return result
            },
            { step: "deserialize", name: "serverDate", priority: "low" }
          )
          const answer = await client.send(command, options)
          return {
            body: (await answer.Body?.transformToString()) ?? "",
            etag: answer.ETag ?? "",
            modifiedAtMillis: answer.LastModified?.getTime() ?? 0,
            nowMillis: serverMillis
          }
        })
        .pipe(
          Effect.catchIf(
            (fault) => fault.code === "NoSuchKey" || fault.code === "NotFound",
            () => Effect.succeed(undefined)
          ),
          Effect.mapError(failed(key))
        ),
    putIfMatch: (key, body, etag) => put(key, body, { IfMatch: etag }),
    putIfAbsent: (key, body) => put(key, body, { IfNoneMatch: "*" })
  })
}
