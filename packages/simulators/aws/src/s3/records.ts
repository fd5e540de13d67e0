import { Schema } from "effect"

const Texts = Schema.Record(Schema.String, Schema.String)

/** A bucket; `settings` are its sub-resources (policy, versioning …) as they were put. */
export const BucketRecord = Schema.Struct({
  name: Schema.String,
  createdAt: Schema.Number,
  settings: Texts
})
export type BucketRecord = typeof BucketRecord.Type

/** An object; its bytes lie in the file `content`. */
export const ObjectRecord = Schema.Struct({
  bucket: Schema.String,
  key: Schema.String,
  content: Schema.String,
  size: Schema.Number,
  etag: Schema.String,
  modifiedAt: Schema.Number,
  /** Content type, cache control and the like, by lower-case header name; user metadata with its prefix. */
  headers: Texts,
  tags: Texts
})
export type ObjectRecord = typeof ObjectRecord.Type

const PartRecord = Schema.Struct({
  number: Schema.Number,
  content: Schema.String,
  size: Schema.Number,
  etag: Schema.String
})

/** An upload in parts that is not complete. */
export const UploadRecord = Schema.Struct({
  id: Schema.String,
  bucket: Schema.String,
  key: Schema.String,
  startedAt: Schema.Number,
  headers: Texts,
  tags: Texts,
  parts: Schema.Array(PartRecord)
})
export type UploadRecord = typeof UploadRecord.Type

/** The key of an object's row; no bucket name holds a slash. */
export const rowKey = (bucket: string, key: string): string => `${bucket}/${key}`
