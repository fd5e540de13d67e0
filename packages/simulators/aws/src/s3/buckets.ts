import { Effect } from "effect"
import { awsFault } from "../wire/aws-fault.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import type { S3Operation } from "./asked.ts"
import { bucketOf, emptyReply, listObjects, type Shelf, xmlReply } from "./shelf.ts"
import { bodyText, tagsInBody } from "./xml-body.ts"

const arnOf = (bucket: string): string => `arn:aws:s3:::${bucket}`
const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

export const listBuckets: S3Operation = (shelf, call) =>
  Effect.sync(() =>
    xmlReply("ListAllMyBucketsResult", {
      Owner: { ID: shelf.world.account },
      Buckets: {
        Bucket: shelf.buckets.all(call.view.asOf).map((bucket) => ({
          Name: bucket.name,
          CreationDate: new Date(bucket.createdAt).toISOString()
        }))
      }
    })
  )

export const createBucket: S3Operation = (shelf, call) =>
  Effect.suspend(() => {
    const { bucket } = call
    if (!NAME.test(bucket)) return Effect.fail(awsFault("InvalidBucketName", "The specified bucket is not valid."))
    if (shelf.buckets.has(bucket)) {
      // us-east-1 alone takes a second creation by the owner for success.
      return shelf.world.region === "us-east-1"
        ? Effect.succeed(emptyReply(200, { Location: `/${bucket}` }))
        : Effect.fail(
            awsFault(
              "BucketAlreadyOwnedByYou",
              "Your previous request to create the named bucket succeeded and you already own it.",
              { status: 409 }
            )
          )
    }
    shelf.buckets.put(bucket, { name: bucket, createdAt: shelf.world.simulation.clock.now(), settings: {} })
    return Effect.succeed(emptyReply(200, { Location: `/${bucket}` }))
  })

export const headBucket: S3Operation = (shelf, call) =>
  Effect.map(bucketOf(shelf, call.bucket), () => emptyReply(200, { "x-amz-bucket-region": shelf.world.region }))

export const deleteBucket: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    yield* bucketOf(shelf, call.bucket)
    if (shelf.objects.all().some((object) => object.bucket === call.bucket))
      return yield* awsFault("BucketNotEmpty", "The bucket you tried to delete is not empty", { status: 409 })
    shelf.buckets.delete(call.bucket)
    dropTags(shelf.world, arnOf(call.bucket))
    return emptyReply(204)
  })

const limitOf = (text: string | null): number => Math.min(1000, Number(text ?? "1000"))

/** Both versions of the listing; the second is told by `list-type=2`. */
export const listBucket: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    yield* bucketOf(shelf, call.bucket)
    const { query } = call.request
    const second = query.get("list-type") === "2"
    const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""]
    const encode = query.get("encoding-type") === "url" ? encodeURIComponent : (text: string) => text
    const limit = limitOf(query.get("max-keys"))
    const listing = listObjects(
      shelf,
      {
        bucket: call.bucket,
        prefix,
        delimiter,
        limit,
        token: second ? (query.get("continuation-token") ?? undefined) : undefined,
        startAfter: query.get(second ? "start-after" : "marker") ?? ""
      },
      call.view
    )
    if (listing === undefined) return yield* awsFault("InvalidArgument", "The continuation token provided is incorrect")
    const last = listing.contents.at(-1)?.key ?? listing.prefixes.at(-1)
    return xmlReply("ListBucketResult", {
      Name: call.bucket,
      Prefix: encode(prefix),
      Delimiter: delimiter === "" ? undefined : encode(delimiter),
      MaxKeys: limit,
      EncodingType: query.get("encoding-type") ?? undefined,
      IsTruncated: listing.next !== undefined,
      ...(second
        ? {
            KeyCount: listing.contents.length + listing.prefixes.length,
            ContinuationToken: query.get("continuation-token") ?? undefined,
            NextContinuationToken: listing.next
          }
        : { Marker: query.get("marker") ?? "", NextMarker: listing.next === undefined ? undefined : last }),
      Contents: listing.contents.map((object) => ({
        Key: encode(object.key),
        LastModified: new Date(object.modifiedAt).toISOString(),
        ETag: `"${object.etag}"`,
        Size: object.size,
        StorageClass: "STANDARD"
      })),
      CommonPrefixes: listing.prefixes.map((one) => ({ Prefix: encode(one) }))
    })
  })

export const getBucketTagging: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    yield* bucketOf(shelf, call.bucket)
    const tags = Object.entries(tagsOf(shelf.world, arnOf(call.bucket), call.view.asOf))
    if (tags.length === 0) return yield* awsFault("NoSuchTagSet", "The TagSet does not exist", { status: 404 })
    return xmlReply("Tagging", { TagSet: { Tag: tags.map(([Key, Value]) => ({ Key, Value })) } })
  })

export const putBucketTagging: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    yield* bucketOf(shelf, call.bucket)
    const tags = yield* tagsInBody(call)
    dropTags(shelf.world, arnOf(call.bucket))
    addTags(shelf.world, arnOf(call.bucket), tags)
    return emptyReply(204)
  })

export const deleteBucketTagging: S3Operation = (shelf, call) =>
  Effect.map(bucketOf(shelf, call.bucket), () => {
    dropTags(shelf.world, arnOf(call.bucket))
    return emptyReply(204)
  })

/** What a bucket says of a setting that nobody has put: a document, or the code of its refusal. */
const unset: Readonly<Record<string, string | { readonly code: string }>> = {
  location: "<LocationConstraint/>",
  versioning: "<VersioningConfiguration/>",
  acl: "<AccessControlPolicy><Owner><ID>owner</ID></Owner><AccessControlList/></AccessControlPolicy>",
  logging: "<BucketLoggingStatus/>",
  accelerate: "<AccelerateConfiguration/>",
  requestPayment: "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
  notification: "<NotificationConfiguration/>",
  encryption:
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>",
  policy: { code: "NoSuchBucketPolicy" },
  cors: { code: "NoSuchCORSConfiguration" },
  website: { code: "NoSuchWebsiteConfiguration" },
  lifecycle: { code: "NoSuchLifecycleConfiguration" },
  replication: { code: "ReplicationConfigurationNotFoundError" },
  "object-lock": { code: "ObjectLockConfigurationNotFoundError" },
  publicAccessBlock: { code: "NoSuchPublicAccessBlockConfiguration" },
  ownershipControls: { code: "OwnershipControlsNotFoundError" }
}

/** The setting a request is about, as its query names it. */
export const settingIn = (query: URLSearchParams): string | undefined =>
  Object.keys(unset).find((name) => query.has(name))

const change = (shelf: Shelf, bucket: string, setting: string, text: string | undefined) =>
  Effect.map(bucketOf(shelf, bucket), (record) => {
    const { [setting]: _, ...rest } = record.settings
    shelf.buckets.put(bucket, { ...record, settings: text === undefined ? rest : { ...rest, [setting]: text } })
  })

/** Settings are kept as they were put and given back; they change nothing else. */
export const bucketSetting: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    const setting = settingIn(call.request.query) ?? ""
    const record = yield* bucketOf(shelf, call.bucket)
    if (call.request.method === "DELETE") {
      yield* change(shelf, call.bucket, setting, undefined)
      return emptyReply(204)
    }
    if (call.request.method === "PUT") {
      yield* change(shelf, call.bucket, setting, yield* bodyText(call))
      return emptyReply(200)
    }
    const text = record.settings[setting] ?? unset[setting] ?? ""
    if (typeof text !== "string")
      return yield* awsFault(text.code, `The ${setting} configuration does not exist`, { status: 404 })
    return { status: 200, headers: { "Content-Type": "application/xml" }, body: text }
  })
