import type { Result } from "effect"
import { type Carrier, parse, render } from "./carrier.ts"
import type { TagsRefused, TagsUnreadable } from "./faults.ts"
import type { TagSet } from "./tag-set.ts"

/** GCP: 64 labels of 63 characters out of lower-case letters, digits, `-` and `_` (our escape). */
const carrier: Carrier = {
  name: "GCP labels",
  separator: "_",
  valueLimit: 63,
  countLimit: 64,
  plain: /^[a-z0-9-]$/,
  escape: "_",
  writeTime: (iso) => iso.toLowerCase().replaceAll(":", "-"),
  readTime: (text) => text.toUpperCase().replace(/T(\d\d)-(\d\d)-(\d\d)Z$/, "T$1:$2:$3Z"),
  foldsKeyCase: false
}

/** Tags as the labels of Google Cloud. */
export const gcpLabels = {
  map: (tags: TagSet): Result.Result<Readonly<Record<string, string>>, TagsRefused> => render(carrier, tags),
  ofMap: (labels: Readonly<Record<string, string>>): Result.Result<TagSet | undefined, TagsUnreadable> =>
    parse(carrier, labels)
}
