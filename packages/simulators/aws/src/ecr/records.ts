import { Schema } from "effect"

export const RepositoryRecord = Schema.Struct({
  name: Schema.String,
  createdAt: Schema.Number,
  isImmutable: Schema.Boolean,
  scanOnPush: Schema.Boolean,
  lifecyclePolicy: Schema.optionalKey(Schema.String),
  policy: Schema.optionalKey(Schema.String)
})
export type RepositoryRecord = typeof RepositoryRecord.Type

/** A manifest that was pushed to a repository; its text is a blob like any other. */
export const ManifestRecord = Schema.Struct({
  repository: Schema.String,
  digest: Schema.String,
  mediaType: Schema.String,
  artifactType: Schema.optionalKey(Schema.String),
  /** Bytes of the config and layers it names. */
  size: Schema.Number,
  pushedAt: Schema.Number,
  tags: Schema.Array(Schema.String)
})
export type ManifestRecord = typeof ManifestRecord.Type

/** A blob of a repository: what one repository holds is not another's to read. */
export const LayerRecord = Schema.Struct({
  repository: Schema.String,
  digest: Schema.String,
  size: Schema.Number
})

/** Rows of a repository by digest; no repository name holds an at sign. */
export const digestKey = (repository: string, digest: string): string => `${repository}@${digest}`
