import {
  type ConnectionDropped,
  headerOf,
  type WireReply,
  type WireRequest,
  withHeaders
} from "@sockerless/simulator-kit"
import { Effect } from "effect"
import { awsFault } from "../wire/aws-fault.ts"
import { refusalOf } from "../wire/dispatch.ts"
import { newRequestId } from "../wire/service.ts"
import { verifySignature } from "../wire/signature.ts"
import { addressOf, type S3Call, type S3Operation } from "./asked.ts"
import {
  bucketSetting,
  createBucket,
  deleteBucket,
  deleteBucketTagging,
  getBucketTagging,
  headBucket,
  listBucket,
  listBuckets,
  putBucketTagging,
  settingIn
} from "./buckets.ts"
import { copyObject, deleteObject, deleteObjects, getObject, objectTagging, putObject } from "./objects.ts"
import { emptyReply, type Shelf, xmlReply } from "./shelf.ts"
import { abortUpload, completeUpload, createUpload, listParts, listUploads, uploadPart } from "./uploads.ts"

type Named = readonly [name: string, operation: S3Operation]

const ofBucket = (request: WireRequest): Named | undefined => {
  const { query, method } = request
  if (query.has("tagging")) {
    const tagging: Readonly<Record<string, Named>> = {
      GET: ["GetBucketTagging", getBucketTagging],
      PUT: ["PutBucketTagging", putBucketTagging],
      DELETE: ["DeleteBucketTagging", deleteBucketTagging]
    }
    return tagging[method]
  }
  if (query.has("uploads")) return ["ListMultipartUploads", listUploads]
  const setting = settingIn(query)
  if (setting !== undefined)
    return [`${method === "GET" ? "Get" : method === "PUT" ? "Put" : "Delete"}Bucket:${setting}`, bucketSetting]
  if (method === "POST" && query.has("delete")) return ["DeleteObjects", deleteObjects]
  const whole: Readonly<Record<string, Named>> = {
    GET: [query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects", listBucket],
    PUT: ["CreateBucket", createBucket],
    HEAD: ["HeadBucket", headBucket],
    DELETE: ["DeleteBucket", deleteBucket]
  }
  return whole[method]
}

const ofObject = (request: WireRequest): Named | undefined => {
  const { query, method } = request
  if (query.has("tagging"))
    return [`${method === "GET" ? "Get" : method === "PUT" ? "Put" : "Delete"}ObjectTagging`, objectTagging]
  if (query.has("uploads") && method === "POST") return ["CreateMultipartUpload", createUpload]
  if (query.has("uploadId")) {
    const parts: Readonly<Record<string, Named>> = {
      GET: ["ListParts", listParts],
      PUT: ["UploadPart", uploadPart],
      POST: ["CompleteMultipartUpload", completeUpload],
      DELETE: ["AbortMultipartUpload", abortUpload]
    }
    return parts[method]
  }
  const copies = headerOf(request, "x-amz-copy-source") !== undefined
  const whole: Readonly<Record<string, Named>> = {
    GET: ["GetObject", getObject],
    HEAD: ["HeadObject", getObject],
    PUT: copies ? ["CopyObject", copyObject] : ["PutObject", putObject],
    DELETE: ["DeleteObject", deleteObject]
  }
  return whole[method]
}

const operationOf = (request: WireRequest, bucket: string, key: string): Named | undefined => {
  if (bucket === "") return request.method === "GET" ? ["ListBuckets", listBuckets] : undefined
  return key === "" ? ofBucket(request) : ofObject(request)
}

/** Answers a request to S3. */
export const answerS3 = (shelf: Shelf, request: WireRequest): Effect.Effect<WireReply, ConnectionDropped> => {
  const requestId = newRequestId()
  const { simulation, credentials } = shelf.world
  return Effect.gen(function* () {
    const signed = yield* verifySignature(request, undefined, credentials.lookUp)
    const { bucket, key } = addressOf(request)
    const named = operationOf(request, bucket, key)
    if (named === undefined)
      return yield* awsFault("MethodNotAllowed", "The specified method is not allowed against this resource.", {
        status: 405
      })
    const [name, operation] = named
    const call = (view: S3Call["view"]): S3Call => ({ request, signed, bucket, key, view })
    return yield* simulation.conduct(
      {
        service: "s3",
        operation: name,
        resource: key === "" ? bucket : `${bucket}/${key}`,
        client: signed.credential.arn,
        input: { Bucket: bucket, Key: key, ...Object.fromEntries(request.query) }
      },
      {
        apply: (view) => operation(shelf, call(view)),
        refuse: (refusal) => refusalOf("s3", refusal),
        codeOf: (fault) => fault.code
      }
    )
  }).pipe(
    Effect.catchTag("AwsFault", (fault) =>
      Effect.succeed(
        request.method === "HEAD"
          ? emptyReply(fault.status)
          : xmlReply(
              "Error",
              { Code: fault.code, Message: fault.text, ...textDetails(fault.details), RequestId: requestId },
              fault.status
            )
      )
    ),
    Effect.map((reply) => withHeaders(reply, { "x-amz-request-id": requestId }))
  )
}

const textDetails = (details: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(details).map(([name, value]) => [name, String(value)]))
