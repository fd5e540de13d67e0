import { Schema } from "effect"
import type { TagMap } from "../world.ts"

/** ECS writes its tags in lower case. */
export const TagList = Schema.Array(Schema.Struct({ key: Schema.String, value: Schema.optionalKey(Schema.String) }))

export const mapOfTags = (tags: typeof TagList.Type | undefined): TagMap =>
  Object.fromEntries((tags ?? []).map((tag) => [tag.key, tag.value ?? ""]))

export const tagListOf = (tags: TagMap): ReadonlyArray<{ readonly key: string; readonly value: string }> =>
  Object.entries(tags).map(([key, value]) => ({ key, value }))
