import type { Result } from "effect"
import { type Carrier, parse, render } from "./carrier.ts"
import type { TagsRefused, TagsUnreadable } from "./faults.ts"
import type { TagSet } from "./tag-set.ts"

/** Azure: 50 tags of 256 characters (15 on DNS zones); keys are one key whatever their case. */
const carrierOf = (countLimit: number): Carrier => ({
  name: "Azure tags",
  separator: "-",
  valueLimit: 256,
  countLimit,
  plain: /^[A-Za-z0-9_.:/+@-]$/,
  escape: "=",
  writeTime: (iso) => iso,
  readTime: (text) => text,
  foldsKeyCase: true
})

const carrier = carrierOf(50)
const dnsZone = carrierOf(15)

/** Tags as Azure Resource Manager keeps them. */
export const azureTags = {
  map: (tags: TagSet): Result.Result<Readonly<Record<string, string>>, TagsRefused> => render(carrier, tags),
  /** The same for DNS zones, which hold fifteen only. */
  dnsZoneMap: (tags: TagSet): Result.Result<Readonly<Record<string, string>>, TagsRefused> => render(dnsZone, tags),
  ofMap: (tags: Readonly<Record<string, string>>): Result.Result<TagSet | undefined, TagsUnreadable> =>
    parse(carrier, tags)
}
