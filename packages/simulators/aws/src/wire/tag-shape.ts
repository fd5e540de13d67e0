import { Schema } from "effect"
import type { TagMap } from "../world.ts"

/** Tags as most services write them. */
export const KeyValueTags = Schema.Array(Schema.Struct({ Key: Schema.String, Value: Schema.String }))

export const mapOfKeyValues = (tags: typeof KeyValueTags.Type | undefined): TagMap =>
  Object.fromEntries((tags ?? []).map((tag) => [tag.Key, tag.Value]))

export const keyValuesOf = (tags: TagMap): ReadonlyArray<{ readonly Key: string; readonly Value: string }> =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

/** A member that stands once or several times in a query string. */
export const OneOrMore = Schema.Union([Schema.String, Schema.Array(Schema.String)])

export const listOf = (value: typeof OneOrMore.Type | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : typeof value === "string" ? [value] : value
