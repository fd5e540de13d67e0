import { Result } from "effect"
import { type Carrier, parse, render } from "./carrier.ts"
import type { TagsRefused, TagsUnreadable } from "./faults.ts"
import type { TagSet } from "./tag-set.ts"

/** AWS: 50 tags of 256 characters out of letters, digits, space and `_ . : / + - @` (`=` is our escape). */
const carrier: Carrier = {
  name: "AWS tags",
  separator: "-",
  valueLimit: 256,
  countLimit: 50,
  plain: /^[A-Za-z0-9_.:/+@-]$/,
  escape: "=",
  writeTime: (iso) => iso,
  readTime: (text) => text,
  foldsKeyCase: false
}

interface Pair {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
}
interface LowerPair {
  readonly key?: string | undefined
  readonly value?: string | undefined
}

/** The three shapes of AWS: a map (Lambda), `{Key, Value}` (most services), `{key, value}` (ECS). */
export const awsTags = {
  map: (tags: TagSet): Result.Result<Record<string, string>, TagsRefused> => render(carrier, tags),
  pairs: (tags: TagSet): Result.Result<Array<{ Key: string; Value: string }>, TagsRefused> =>
    Result.map(render(carrier, tags), (map) => Object.entries(map).map(([Key, Value]) => ({ Key, Value }))),
  lowerPairs: (tags: TagSet): Result.Result<Array<{ key: string; value: string }>, TagsRefused> =>
    Result.map(render(carrier, tags), (map) => Object.entries(map).map(([key, value]) => ({ key, value }))),
  ofMap: (map: Readonly<Record<string, string>>): Result.Result<TagSet | undefined, TagsUnreadable> =>
    parse(carrier, map),
  ofPairs: (pairs: ReadonlyArray<Pair>): Result.Result<TagSet | undefined, TagsUnreadable> =>
    parse(carrier, Object.fromEntries(pairs.map(({ Key, Value }) => [Key ?? "", Value ?? ""]))),
  ofLowerPairs: (pairs: ReadonlyArray<LowerPair>): Result.Result<TagSet | undefined, TagsUnreadable> =>
    parse(carrier, Object.fromEntries(pairs.map(({ key, value }) => [key ?? "", value ?? ""])))
}
