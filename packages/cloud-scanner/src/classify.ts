import { type LedgerView, namePrefix, type ResourceEntry } from "@sockerless/resource-registry"
import type { TagSet } from "@sockerless/tags"
import type { Found } from "./scanner.ts"

/**
 * What a found resource is to us. Invariant: only `tombstoned` and `orphan` are ever removed, and both carry this
 * instance's identity; what is in doubt is left alone.
 */
export type Class =
  /** On record and alive. */
  | "known"
  /** Ours, not on record, and it tells what it is: the record was lost. */
  | "adopt"
  /** Removed on purpose, or taken back, and here again: a late call. */
  | "tombstoned"
  /** Ours, not on record, tells nothing, and old enough that nobody is still making it. */
  | "orphan"
  /** As an orphan, but it may still be in the making. */
  | "young"
  /** Another instance's, or nobody's that we know. */
  | "foreign"
  /** Made by a newer start of our own instance: we are the stale one. */
  | "newer"
  /** Claims to be ours in tags that we cannot read. */
  | "unreadable"
  /** Carries no tags and lives in something that stays. */
  | "untagged-child"

export interface Classified {
  readonly found: Found
  readonly class: Class
  readonly reason: string
  /** The live record of a known resource. */
  readonly entry?: ResourceEntry
}

export interface ClassifyOptions {
  readonly instance: string
  readonly epoch: number
  /** How old an unrecorded resource must be to be an orphan. */
  readonly graceMillis: number
}

const keyOf = (one: { readonly type: string; readonly id: string }): string => `${one.type}\n${one.id}`

/** Finds the record of a resource by the place's id, or by its name when the id never reached us. */
const recordsOf = (view: LedgerView) => {
  const byId = new Map<string, ResourceEntry>()
  const byName = new Map<string, ResourceEntry>()
  for (const entry of view.resources) {
    const better = (known: ResourceEntry | undefined) => known === undefined || known.state === "gone"
    const id = entry.id === undefined ? undefined : keyOf({ type: entry.type, id: entry.id })
    if (id !== undefined && better(byId.get(id))) byId.set(id, entry)
    const name = keyOf({ type: entry.type, id: entry.name })
    if (better(byName.get(name))) byName.set(name, entry)
  }
  return (found: Found): ResourceEntry | undefined =>
    byId.get(keyOf(found)) ?? byName.get(keyOf({ type: found.type, id: found.name }))
}

const ofTags = (
  found: Found,
  tags: TagSet,
  known: { readonly entry: ResourceEntry | undefined; readonly buried: boolean },
  options: ClassifyOptions
): Classified => {
  const as = (is: Class, reason: string): Classified => ({ found, class: is, reason })
  if (tags.instance !== options.instance) return as("foreign", `it belongs to instance ${tags.instance}`)
  if (tags.epoch > options.epoch) return as("newer", `epoch ${tags.epoch} made it and this is ${options.epoch}`)
  const { entry } = known
  if (entry !== undefined && entry.state !== "gone") return { ...as("known", "it is on record"), entry }
  if (entry !== undefined) return as("tombstoned", "its removal is on record")
  if (known.buried) return as("tombstoned", `${tags.containerId} was removed`)
  if (found.recoverable) return as("adopt", "it is ours and not on record")
  if (found.ageMillis < options.graceMillis) return as("young", "it is not on record and may still be in the making")
  return as("orphan", "it is ours, not on record, and does not tell what it is for")
}

const ofName = (
  found: Found,
  entry: ResourceEntry | undefined,
  parent: Classified | undefined,
  options: ClassifyOptions
): Classified => {
  const as = (is: Class, reason: string): Classified => ({ found, class: is, reason })
  const named = found.name.startsWith(namePrefix(options.instance))
  if (entry !== undefined && entry.state !== "gone") return { ...as("known", "it is on record"), entry }
  if (entry !== undefined && named) return as("tombstoned", "its removal is on record")
  const home = `${parent?.found.type} ${parent?.found.id}`
  if (parent?.class === "tombstoned") return as("tombstoned", `${home} goes`)
  if (parent?.class === "orphan") return as("orphan", `${home} goes`)
  if (parent !== undefined && parent.class !== "foreign") return as("untagged-child", `it lives in ${home}`)
  if (!named) return as("foreign", parent === undefined ? "it does not carry our name" : `it lives in ${home}`)
  if (parent !== undefined) return as("untagged-child", `it carries our name in ${home}`)
  if (found.ageMillis < options.graceMillis) return as("young", "it is not on record and may still be in the making")
  return as("orphan", "it carries our name, is not on record, and what it lived in is gone")
}

/** Says of everything found what it is to us. Pure; parents may come before or after their children. */
export const classify = (
  found: ReadonlyArray<Found>,
  view: LedgerView,
  options: ClassifyOptions
): ReadonlyArray<Classified> => {
  const record = recordsOf(view)
  const buried = new Set(view.tombstones.map(({ subject }) => subject))
  const byKey = new Map(found.map((one) => [keyOf(one), one]))
  const done = new Map<string, Classified>()
  const one = (of: Found, depth: number): Classified => {
    const before = done.get(keyOf(of))
    if (before !== undefined) return before
    const { tags } = of
    const home = of.parent && byKey.get(keyOf(of.parent))
    const classified =
      tags === undefined
        ? ofName(of, record(of), home && depth < DEPTH_LIMIT ? one(home, depth + 1) : undefined, options)
        : "_tag" in tags
          ? { found: of, class: "unreadable" as const, reason: tags.message }
          : ofTags(of, tags, { entry: record(of), buried: buried.has(tags.containerId ?? "") }, options)
    done.set(keyOf(of), classified)
    return classified
  }
  return found.map((of) => one(of, 0))
}

/** Children of children of children: no service nests deeper, and a loop of parents must end. */
const DEPTH_LIMIT = 4
