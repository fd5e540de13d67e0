import { Schema } from "effect"

const JsonObject = Schema.Record(Schema.String, Schema.Json)

export const FileSystemRecord = Schema.Struct({
  id: Schema.String,
  token: Schema.String,
  createdAt: Schema.Number,
  isEncrypted: Schema.Boolean,
  performanceMode: Schema.String,
  throughputMode: Schema.String,
  lifecycle: Schema.Array(JsonObject),
  policy: Schema.optionalKey(Schema.String),
  backup: Schema.optionalKey(JsonObject)
})
export type FileSystemRecord = typeof FileSystemRecord.Type

export const MountTargetRecord = Schema.Struct({
  id: Schema.String,
  fileSystem: Schema.String,
  subnet: Schema.String,
  ip: Schema.String,
  securityGroups: Schema.Array(Schema.String)
})
export type MountTargetRecord = typeof MountTargetRecord.Type

export const RootDirectory = Schema.Struct({
  Path: Schema.optionalKey(Schema.String),
  CreationInfo: Schema.optionalKey(
    Schema.Struct({ OwnerUid: Schema.Number, OwnerGid: Schema.Number, Permissions: Schema.String })
  )
})
export const PosixUser = Schema.Struct({
  Uid: Schema.Number,
  Gid: Schema.Number,
  SecondaryGids: Schema.optionalKey(Schema.Array(Schema.Number))
})

export const AccessPointRecord = Schema.Struct({
  id: Schema.String,
  token: Schema.String,
  fileSystem: Schema.String,
  root: RootDirectory,
  posixUser: Schema.optionalKey(PosixUser)
})
export type AccessPointRecord = typeof AccessPointRecord.Type
