import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  GetObjectTaggingCommand,
  S3Client,
  UploadPartCommand
} from "@aws-sdk/client-s3"
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Rig, startRig } from "./rig.ts"

let rig: Rig
let s3: S3Client

beforeAll(async () => {
  rig = await startRig()
  s3 = new S3Client({ ...rig.client, forcePathStyle: true })
})
afterAll(async () => {
  s3.destroy()
  await rig.stop()
})

const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "none",
    (error: Error) => error.name
  )

const text = async (bucket: string, key: string): Promise<string | undefined> =>
  (await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))).Body?.transformToString()

describe("the account", () => {
  it("knows its owner by a signature and nobody without one", async () => {
    const sts = new STSClient(rig.client)
    const identity = await sts.send(new GetCallerIdentityCommand({}))
    assert.strictEqual(identity.Account, "123456789012")
    assert.strictEqual(identity.Arn, "arn:aws:iam::123456789012:user/owner")
    const forger = new STSClient({
      ...rig.client,
      credentials: { ...rig.client.credentials, secretAccessKey: "wrong" }
    })
    assert.strictEqual(await codeOf(forger.send(new GetCallerIdentityCommand({}))), "InvalidSignatureException")
  })
})

describe("S3", () => {
  it("keeps objects whole, odd keys included, and lists them in pages", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "pages" }))
    const keys = ["a/1", "a/2", "b c+ü", "z"]
    for (const key of keys) await s3.send(new PutObjectCommand({ Bucket: "pages", Key: key, Body: `of ${key}` }))
    assert.strictEqual(await text("pages", "b c+ü"), "of b c+ü")
    const first = await s3.send(new ListObjectsV2Command({ Bucket: "pages", MaxKeys: 3 }))
    assert.deepStrictEqual(
      first.Contents?.map((object) => object.Key),
      keys.slice(0, 3)
    )
    const second = await s3.send(
      new ListObjectsV2Command({ Bucket: "pages", ContinuationToken: first.NextContinuationToken })
    )
    assert.deepStrictEqual(
      second.Contents?.map((object) => object.Key),
      ["z"]
    )
    assert.strictEqual(second.IsTruncated, false)
    const rolled = await s3.send(new ListObjectsV2Command({ Bucket: "pages", Delimiter: "/" }))
    assert.deepStrictEqual(rolled.CommonPrefixes, [{ Prefix: "a/" }])
    const many = await s3.send(
      new DeleteObjectsCommand({ Bucket: "pages", Delete: { Objects: keys.map((Key) => ({ Key })) } })
    )
    assert.strictEqual(many.Deleted?.length, 4)
    await s3.send(new DeleteBucketCommand({ Bucket: "pages" }))
  })

  it("is a compare-and-swap by If-None-Match and If-Match", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "lease" }))
    const put = (Body: string, condition: object) =>
      s3.send(new PutObjectCommand({ Bucket: "lease", Key: "holder", Body, ...condition }))
    const outcomes = await Promise.all(["one", "two", "three"].map((who) => codeOf(put(who, { IfNoneMatch: "*" }))))
    assert.deepStrictEqual(outcomes.toSorted(), ["PreconditionFailed", "PreconditionFailed", "none"])
    const { ETag } = await s3.send(new HeadObjectCommand({ Bucket: "lease", Key: "holder" }))
    assert.strictEqual(await codeOf(put("next", { IfMatch: ETag })), "none")
    assert.strictEqual(await codeOf(put("late", { IfMatch: ETag })), "PreconditionFailed")
    assert.strictEqual(await text("lease", "holder"), "next")
  })

  it("joins uploads in parts and survives a restart with everything", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "parts" }))
    const target = { Bucket: "parts", Key: "joined" }
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target))
    const parts: Array<{ PartNumber: number; ETag: string | undefined }> = []
    for (const [at, Body] of ["first ", "second"].entries()) {
      const { ETag } = await s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber: at + 1, Body }))
      parts.push({ PartNumber: at + 1, ETag })
    }
    await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: parts } }))
    await s3.send(new PutObjectTaggingCommand({ ...target, Tagging: { TagSet: [{ Key: "a", Value: "1" }] } }))
    await rig.restart()
    assert.strictEqual(await text("parts", "joined"), "first second")
    const range = await s3.send(new GetObjectCommand({ ...target, Range: "bytes=6-8" }))
    assert.strictEqual(await range.Body?.transformToString(), "sec")
    const tags = await s3.send(new GetObjectTaggingCommand(target))
    assert.deepStrictEqual(tags.TagSet, [{ Key: "a", Value: "1" }])
  })
})
