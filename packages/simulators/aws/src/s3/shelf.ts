import { pageOf, type Table, type View, type WireReply } from "@sockerless/simulator-kit"
import { Effect } from "effect"
import { join } from "node:path"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { xmlOf, type XmlValue } from "../wire/xml.ts"
import type { World } from "../world.ts"
import { ContentFiles } from "./content.ts"
import { BucketRecord, ObjectRecord, UploadRecord } from "./records.ts"

/** What every operation of S3 works with. */
export interface Shelf {
  readonly world: World
  readonly buckets: Table<BucketRecord>
  readonly objects: Table<ObjectRecord>
  readonly uploads: Table<UploadRecord>
  readonly files: ContentFiles
}

/** Opens what S3 held before. */
export const openShelf = Effect.fnUntraced(function* (world: World) {
  const { book } = world.simulation
  const shelf: Shelf = {
    world,
    buckets: yield* book.table("s3/buckets", BucketRecord),
    objects: yield* book.table("s3/objects", ObjectRecord),
    uploads: yield* book.table("s3/uploads", UploadRecord),
    files: new ContentFiles(join(world.dataRoot, "s3"))
  }
  return shelf
})

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

/** An XML document of S3's. */
export const xmlReply = (name: string, value: { readonly [member: string]: XmlValue }, status = 200): WireReply => ({
  status,
  headers: { "Content-Type": "application/xml" },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${xmlOf(name, value, "flat").replace(`<${name}>`, `<${name} xmlns="${NAMESPACE}">`)}`
})

/** No content. */
export const emptyReply = (status = 200, headers: Readonly<Record<string, string>> = {}): WireReply => ({
  status,
  headers: status === 204 ? headers : { "Content-Length": "0", ...headers },
  body: ""
})

export const bucketOf = (shelf: Shelf, name: string): Effect.Effect<BucketRecord, AwsFault> => {
  const bucket = shelf.buckets.get(name)
  return bucket === undefined
    ? Effect.fail(
        awsFault("NoSuchBucket", "The specified bucket does not exist", { status: 404, details: { BucketName: name } })
      )
    : Effect.succeed(bucket)
}

export interface Listing {
  readonly contents: ReadonlyArray<ObjectRecord>
  readonly prefixes: ReadonlyArray<string>
  readonly next: string | undefined
}

export interface ListingRequest {
  readonly bucket: string
  readonly prefix: string
  readonly delimiter: string
  readonly limit: number
  readonly token: string | undefined
  readonly startAfter: string
}

interface Row {
  readonly key: string
  readonly object: ObjectRecord | undefined
}

/** One page of a bucket: keys in order, those with a delimiter after the prefix rolled up into one row. */
export const listObjects = (shelf: Shelf, request: ListingRequest, view: View): Listing | undefined => {
  const rows = new Map<string, Row>()
  for (const object of shelf.objects.all(view.asOf)) {
    if (object.bucket !== request.bucket || !object.key.startsWith(request.prefix)) continue
    const end = request.delimiter === "" ? -1 : object.key.indexOf(request.delimiter, request.prefix.length)
    const rolled = end === -1 ? undefined : object.key.slice(0, end + request.delimiter.length)
    const key = rolled ?? object.key
    if (key > request.startAfter) rows.set(key, { key, object: rolled === undefined ? object : undefined })
  }
  if (request.limit === 0) return { contents: [], prefixes: [], next: undefined }
  const page = pageOf([...rows.values()], (row) => row.key, { limit: request.limit, token: request.token }, view)
  if (page === undefined) return undefined
  return {
    contents: page.items.flatMap((row) => row.object ?? []),
    prefixes: page.items.flatMap((row) => (row.object === undefined ? [row.key] : [])),
    next: page.next
  }
}
