import { Schema } from "effect"

export const NamespaceRecord = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  type: Schema.Literals(["DNS_PRIVATE", "HTTP"]),
  vpc: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  createdAt: Schema.Number
})
export type NamespaceRecord = typeof NamespaceRecord.Type

const JsonObject = Schema.Record(Schema.String, Schema.Json)

export const ServiceRecord = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  namespace: Schema.String,
  requestId: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  dnsConfig: Schema.optionalKey(JsonObject),
  healthCheckCustomConfig: Schema.optionalKey(JsonObject),
  createdAt: Schema.Number,
  /** Rises with each change of the service's instances. */
  revision: Schema.Number
})
export type ServiceRecord = typeof ServiceRecord.Type

export const InstanceRecord = Schema.Struct({
  service: Schema.String,
  id: Schema.String,
  requestId: Schema.optionalKey(Schema.String),
  attributes: Schema.Record(Schema.String, Schema.String)
})
export type InstanceRecord = typeof InstanceRecord.Type

export const OperationRecord = Schema.Struct({
  id: Schema.String,
  type: Schema.String,
  at: Schema.Number,
  targets: Schema.Record(Schema.String, Schema.String)
})

/** The key of an instance's row. */
export const instanceKey = (service: string, id: string): string => `${service}/${id}`
