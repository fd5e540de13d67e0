import { Effect, Schema } from "effect"
import { createHash, randomUUID } from "node:crypto"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import type { S3Call, S3Operation } from "./asked.ts"
import { checkWrite } from "./conditions.ts"
import { headerTags, keptHeaders, receive, replaceObject } from "./objects.ts"
import { rowKey, type UploadRecord } from "./records.ts"
import { bucketOf, emptyReply, type Shelf, xmlReply } from "./shelf.ts"
import { xmlBody } from "./xml-body.ts"

export const createUpload: S3Operation = (shelf, call) =>
  Effect.map(bucketOf(shelf, call.bucket), () => {
    const id = randomUUID()
    shelf.uploads.put(id, {
      id,
      bucket: call.bucket,
      key: call.key,
      startedAt: shelf.world.simulation.clock.now(),
      headers: keptHeaders(call.request),
      tags: headerTags(call.request),
      parts: []
    })
    return xmlReply("InitiateMultipartUploadResult", { Bucket: call.bucket, Key: call.key, UploadId: id })
  })

const uploadOf = (shelf: Shelf, call: S3Call): Effect.Effect<UploadRecord, AwsFault> => {
  const upload = shelf.uploads.get(call.request.query.get("uploadId") ?? "")
  return upload === undefined || upload.key !== call.key || upload.bucket !== call.bucket
    ? Effect.fail(
        awsFault(
          "NoSuchUpload",
          "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
          { status: 404 }
        )
      )
    : Effect.succeed(upload)
}

export const uploadPart: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    yield* uploadOf(shelf, call)
    const written = yield* receive(shelf, call)
    const number = Number(call.request.query.get("partNumber"))
    const upload = yield* uploadOf(shelf, call)
    const part = { number, content: written.name, size: written.size, etag: written.md5 }
    const parts = [...upload.parts.filter((known) => known.number !== number), part]
    shelf.uploads.put(upload.id, { ...upload, parts: parts.toSorted((a, b) => a.number - b.number) })
    return emptyReply(200, { ETag: `"${written.md5}"` })
  })

const discard = (shelf: Shelf, upload: UploadRecord): Effect.Effect<void> => {
  shelf.uploads.delete(upload.id)
  return Effect.andThen(
    shelf.world.simulation.book.settle,
    Effect.forEach(upload.parts, (part) => shelf.files.remove(part.content), { discard: true })
  )
}

const Complete = Schema.Struct({
  CompleteMultipartUpload: Schema.Struct({
    Part: Schema.Array(Schema.Struct({ PartNumber: Schema.String, ETag: Schema.String }))
  })
})

export const completeUpload: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    const upload = yield* uploadOf(shelf, call)
    const { CompleteMultipartUpload } = yield* xmlBody(call, Complete)
    const parts = CompleteMultipartUpload.Part.flatMap((asked) =>
      upload.parts.filter(
        (part) => part.number === Number(asked.PartNumber) && part.etag === asked.ETag.replace(/"|&quot;/g, "")
      )
    )
    if (parts.length !== CompleteMultipartUpload.Part.length)
      return yield* awsFault("InvalidPart", "One or more of the specified parts could not be found.")
    yield* checkWrite(call.request, shelf.objects.get(rowKey(call.bucket, call.key)))
    const written = yield* shelf.files.write(shelf.files.joined(parts.map((part) => part.content)))
    const digest = createHash("md5")
    for (const part of parts) digest.update(Buffer.from(part.etag, "hex"))
    const etag = `${digest.digest("hex")}-${parts.length}`
    yield* replaceObject(shelf, {
      bucket: call.bucket,
      key: call.key,
      content: written.name,
      size: written.size,
      etag,
      modifiedAt: shelf.world.simulation.clock.now(),
      headers: upload.headers,
      tags: upload.tags
    })
    yield* discard(shelf, upload)
    return xmlReply("CompleteMultipartUploadResult", { Bucket: call.bucket, Key: call.key, ETag: `"${etag}"` })
  })

export const abortUpload: S3Operation = (shelf, call) =>
  Effect.flatMap(uploadOf(shelf, call), (upload) => Effect.as(discard(shelf, upload), emptyReply(204)))

export const listParts: S3Operation = (shelf, call) =>
  Effect.map(uploadOf(shelf, call), (upload) =>
    xmlReply("ListPartsResult", {
      Bucket: call.bucket,
      Key: call.key,
      UploadId: upload.id,
      IsTruncated: false,
      Part: upload.parts.map((part) => ({ PartNumber: part.number, ETag: `"${part.etag}"`, Size: part.size }))
    })
  )

export const listUploads: S3Operation = (shelf, call) =>
  Effect.map(bucketOf(shelf, call.bucket), () =>
    xmlReply("ListMultipartUploadsResult", {
      Bucket: call.bucket,
      IsTruncated: false,
      Upload: shelf.uploads
        .all()
        .filter((upload) => upload.bucket === call.bucket)
        .map((upload) => ({
          Key: upload.key,
          UploadId: upload.id,
          Initiated: new Date(upload.startedAt).toISOString()
        }))
    })
  )
