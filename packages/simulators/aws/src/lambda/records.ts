import { Schema } from "effect"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))
const number = Schema.optionalKey(Schema.Number)

export const ImageConfig = Schema.Struct({ EntryPoint: texts, Command: texts, WorkingDirectory: text })
export const FileSystemConfig = Schema.Struct({ Arn: Schema.String, LocalMountPath: Schema.String })
export const VpcConfig = Schema.Struct({ SubnetIds: texts, SecurityGroupIds: texts })

export const EventInvokeConfig = Schema.Struct({
  retries: number,
  maximumAgeSeconds: number,
  modifiedAt: Schema.Number
})

export const FunctionRecord = Schema.Struct({
  name: Schema.String,
  role: Schema.String,
  imageUri: Schema.String,
  /** The image by digest: what runs, whatever becomes of the tag. */
  resolvedUri: Schema.String,
  digest: Schema.String,
  description: Schema.String,
  timeout: Schema.Number,
  memorySize: Schema.Number,
  ephemeralStorage: Schema.Number,
  environment: Schema.Record(Schema.String, Schema.String),
  imageConfig: Schema.optionalKey(ImageConfig),
  fileSystems: Schema.Array(FileSystemConfig),
  vpc: Schema.optionalKey(VpcConfig),
  architectures: Schema.Array(Schema.String),
  revision: Schema.String,
  modifiedAt: Schema.Number,
  /** Until then it is Pending. */
  activeAt: Schema.Number,
  reservedConcurrency: number,
  eventInvoke: Schema.optionalKey(EventInvokeConfig)
})
export type FunctionRecord = typeof FunctionRecord.Type

/** A sandbox and what it is doing, so that a restarted simulator knows its answer when it comes. */
export const SandboxRecord = Schema.Struct({
  id: Schema.String,
  runtimeId: Schema.String,
  function: Schema.String,
  revision: Schema.String,
  stream: Schema.String,
  ip: Schema.String,
  requestId: text,
  deadlineAt: number
})
export type SandboxRecord = typeof SandboxRecord.Type

/** An event that waits for its function. */
export const QueuedRecord = Schema.Struct({
  id: Schema.String,
  function: Schema.String,
  payload: Schema.String,
  attempts: Schema.Number,
  queuedAt: Schema.Number,
  notBefore: Schema.Number
})
export type QueuedRecord = typeof QueuedRecord.Type
