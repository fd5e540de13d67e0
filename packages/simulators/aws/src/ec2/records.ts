import { Schema } from "effect"

export const VpcRecord = Schema.Struct({
  id: Schema.String,
  cidr: Schema.String,
  isDefault: Schema.Boolean,
  attributes: Schema.Record(Schema.String, Schema.Boolean)
})
export type VpcRecord = typeof VpcRecord.Type

export const SubnetRecord = Schema.Struct({
  id: Schema.String,
  vpc: Schema.String,
  cidr: Schema.String,
  zone: Schema.String,
  isDefault: Schema.Boolean,
  mapPublicIp: Schema.Boolean
})
export type SubnetRecord = typeof SubnetRecord.Type

const Rule = Schema.Struct({
  id: Schema.String,
  isEgress: Schema.Boolean,
  protocol: Schema.String,
  fromPort: Schema.Number,
  toPort: Schema.Number,
  /** An IPv4 or IPv6 block, or a group: exactly one is set. */
  cidr: Schema.optionalKey(Schema.String),
  group: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String)
})
export type Rule = typeof Rule.Type

export const GroupRecord = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  description: Schema.String,
  vpc: Schema.String,
  rules: Schema.Array(Rule)
})
export type GroupRecord = typeof GroupRecord.Type
