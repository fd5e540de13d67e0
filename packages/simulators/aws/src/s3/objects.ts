import { headerOf, type WireRequest } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import type { S3Call, S3Operation } from "./asked.ts"
import { checkRead, checkWrite } from "./conditions.ts"
import type { Written } from "./content.ts"
import { type ObjectRecord, rowKey } from "./records.ts"
import { bucketOf, emptyReply, type Shelf, xmlReply } from "./shelf.ts"
import { payloadOf, tagsInBody, xmlBody } from "./xml-body.ts"

const KEPT = new Set([
  "content-type",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires"
])

/** The headers of a write that come back with a read. */
export const keptHeaders = (request: WireRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(request.headers)
      .filter((name) => KEPT.has(name) || name.startsWith("x-amz-meta-"))
      .map((name) => [name, (headerOf(request, name) ?? "").replace(/^aws-chunked,?/, "")])
      .filter(([, value]) => value !== "")
  )

/** Tags in a header: `a=1&b=2`. */
export const headerTags = (request: WireRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(headerOf(request, "x-amz-tagging") ?? ""))

/** What each request's body became: a request that is delivered twice has one body only. */
const received = new WeakMap<WireRequest, Written>()

/** Writes a body to a file, checked against the digest that was signed. */
export const receive = (shelf: Shelf, call: S3Call): Effect.Effect<Written, AwsFault> =>
  Effect.gen(function* () {
    const before = received.get(call.request)
    if (before !== undefined) return yield* shelf.files.write(shelf.files.joined([before.name]))
    const written = yield* shelf.files.write(payloadOf(call))
    const { payload } = call.signed
    if (/^[0-9a-f]{64}$/.test(payload) && payload !== written.sha256) {
      yield* shelf.files.remove(written.name)
      return yield* awsFault(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed."
      )
    }
    received.set(call.request, written)
    return written
  })

/** Puts a row in the place of another and gives the old bytes' room back. */
export const replaceObject = (shelf: Shelf, record: ObjectRecord): Effect.Effect<void> => {
  const before = shelf.objects.get(rowKey(record.bucket, record.key))
  shelf.objects.put(rowKey(record.bucket, record.key), record)
  return before === undefined
    ? Effect.void
    : Effect.andThen(shelf.world.simulation.book.settle, shelf.files.remove(before.content))
}

const objectOf = (shelf: Shelf, call: S3Call): Effect.Effect<ObjectRecord, AwsFault> =>
  Effect.gen(function* () {
    yield* bucketOf(shelf, call.bucket)
    const object = shelf.objects.get(rowKey(call.bucket, call.key), call.view.asOf)
    if (object === undefined)
      return yield* awsFault("NoSuchKey", "The specified key does not exist.", {
        status: 404,
        details: { Key: call.key }
      })
    return object
  })

export const putObject: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    yield* bucketOf(shelf, call.bucket)
    yield* checkWrite(call.request, shelf.objects.get(rowKey(call.bucket, call.key)))
    const written = yield* receive(shelf, call)
    // Asked again: another write may have come first while this one's bytes arrived.
    yield* checkWrite(call.request, shelf.objects.get(rowKey(call.bucket, call.key))).pipe(
      Effect.tapError(() => shelf.files.remove(written.name))
    )
    yield* replaceObject(shelf, {
      bucket: call.bucket,
      key: call.key,
      content: written.name,
      size: written.size,
      etag: written.md5,
      modifiedAt: shelf.world.simulation.clock.now(),
      headers: keptHeaders(call.request),
      tags: headerTags(call.request)
    })
    return emptyReply(200, { ETag: `"${written.md5}"` })
  })

const rangeOf = (header: string | undefined, size: number) => {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? []
  if (from === "" && to === "") return undefined
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from)
  return { start, end: Math.min(size - 1, from === "" || to === "" ? size - 1 : Number(to)) }
}

const describe = (object: ObjectRecord): Readonly<Record<string, string>> => ({
  "Content-Type": "binary/octet-stream",
  ...object.headers,
  ETag: `"${object.etag}"`,
  "Last-Modified": new Date(object.modifiedAt).toUTCString(),
  "Accept-Ranges": "bytes",
  ...(Object.keys(object.tags).length === 0 ? {} : { "x-amz-tagging-count": String(Object.keys(object.tags).length) })
})

/** GET and HEAD. */
export const getObject: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    const object = yield* objectOf(shelf, call)
    if (yield* checkRead(call.request, object)) return emptyReply(304, { ETag: `"${object.etag}"` })
    const range = rangeOf(headerOf(call.request, "range"), object.size)
    if (range !== undefined && range.start > range.end)
      return yield* awsFault("InvalidRange", "The requested range is not satisfiable", { status: 416 })
    const length = range === undefined ? object.size : range.end - range.start + 1
    const headers = {
      ...describe(object),
      "Content-Length": String(length),
      ...(range === undefined ? {} : { "Content-Range": `bytes ${range.start}-${range.end}/${object.size}` })
    }
    const status = range === undefined ? 200 : 206
    if (call.request.method === "HEAD" || length === 0) return { status, headers, body: "" }
    return { status, headers, body: shelf.files.read(object.content, range) }
  })

const forget = (shelf: Shelf, bucket: string, key: string): Effect.Effect<void> => {
  const object = shelf.objects.get(rowKey(bucket, key))
  if (object === undefined) return Effect.void
  shelf.objects.delete(rowKey(bucket, key))
  return Effect.andThen(shelf.world.simulation.book.settle, shelf.files.remove(object.content))
}

export const deleteObject: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    yield* bucketOf(shelf, call.bucket)
    const present = shelf.objects.get(rowKey(call.bucket, call.key))
    // Deleting what is not there is success, whatever was demanded of it.
    if (present !== undefined) yield* checkWrite(call.request, present)
    yield* forget(shelf, call.bucket, call.key)
    return emptyReply(204)
  })

const DeleteMany = Schema.Struct({
  Delete: Schema.Struct({
    Object: Schema.Array(Schema.Struct({ Key: Schema.String })),
    Quiet: Schema.optionalKey(Schema.String)
  })
})

export const deleteObjects: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    yield* bucketOf(shelf, call.bucket)
    const { Delete } = yield* xmlBody(call, DeleteMany)
    for (const { Key } of Delete.Object) yield* forget(shelf, call.bucket, Key)
    return xmlReply("DeleteResult", {
      Deleted: Delete.Quiet === "true" ? [] : Delete.Object.map(({ Key }) => ({ Key }))
    })
  })

export const copyObject: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    yield* bucketOf(shelf, call.bucket)
    const source = decodeURIComponent(headerOf(call.request, "x-amz-copy-source") ?? "").replace(/^\//, "")
    const slash = source.indexOf("/")
    const from = yield* objectOf(shelf, { ...call, bucket: source.slice(0, slash), key: source.slice(slash + 1) })
    const written = yield* shelf.files.write(shelf.files.joined([from.content]))
    const modifiedAt = shelf.world.simulation.clock.now()
    const replaces = headerOf(call.request, "x-amz-metadata-directive") === "REPLACE"
    yield* replaceObject(shelf, {
      ...from,
      bucket: call.bucket,
      key: call.key,
      content: written.name,
      modifiedAt,
      headers: replaces ? keptHeaders(call.request) : from.headers
    })
    return xmlReply("CopyObjectResult", { ETag: `"${from.etag}"`, LastModified: new Date(modifiedAt).toISOString() })
  })

/** GET, PUT and DELETE of an object's tags. */
export const objectTagging: S3Operation = (shelf, call) =>
  Effect.gen(function* () {
    const object = yield* objectOf(shelf, call)
    const { method } = call.request
    if (method === "GET")
      return xmlReply("Tagging", {
        TagSet: { Tag: Object.entries(object.tags).map(([Key, Value]) => ({ Key, Value })) }
      })
    const tags = method === "PUT" ? yield* tagsInBody(call) : {}
    shelf.objects.put(rowKey(object.bucket, object.key), { ...object, tags })
    return emptyReply(method === "PUT" ? 200 : 204)
  })
