/** What every cloud resource of ours says about itself. Times are whole seconds, because carriers keep no more. */
export interface TagSet {
  /** The container it serves; absent on what containers share (networks, volumes). */
  readonly containerId?: string
  /** The backend's name as given to `--runtime`. */
  readonly backend: string
  /** The state directory that owns it. */
  readonly instance: string
  readonly createdAt: Date
  /** When a reaper may remove it although nobody asks; absent means never. */
  readonly expiresAt?: Date
  /** The owner's epoch when it was made; a lower epoch never changes what a higher one made. */
  readonly epoch: number
  /**
   * Whatever else must survive the loss of the local disk, by names of lower-case words (`exit`, `spec-ref`). Values
   * are any text; each carrier escapes what it cannot hold and splits what is too long.
   */
  readonly facts: Readonly<Record<string, string>>
}

/** A flat picture of a tag set: names without prefix, values as text or time. Carriers spell it in their alphabet. */
export type Entries = ReadonlyMap<string, string | Date>

const FACT = "fact-"

/** Fact names are words without digits, so that the part numbers which carriers append stay apart from them. */
export const isFactName = (name: string): boolean => /^[a-z]+(-[a-z]+)*$/.test(name)

export const entriesOf = (tags: TagSet): Entries => {
  const entries = new Map<string, string | Date>([["managed", "true"]])
  if (tags.containerId !== undefined) entries.set("container-id", tags.containerId)
  entries.set("backend", tags.backend)
  entries.set("instance", tags.instance)
  entries.set("created-at", tags.createdAt)
  if (tags.expiresAt !== undefined) entries.set("expires-at", tags.expiresAt)
  entries.set("epoch", String(tags.epoch))
  for (const [name, value] of Object.entries(tags.facts)) entries.set(`${FACT}${name}`, value)
  return entries
}

/** The tag set of an entry map, or the key that is missing or broken. `time` reads a carrier's spelling of a time. */
export const tagSetOf = (
  entries: ReadonlyMap<string, string>,
  time: (text: string) => Date | undefined
): TagSet | { readonly broken: string } => {
  const containerId = entries.get("container-id")
  const backend = entries.get("backend")
  const instance = entries.get("instance")
  const createdAt = time(entries.get("created-at") ?? "")
  const expiry = entries.get("expires-at")
  const expiresAt = expiry === undefined ? undefined : time(expiry)
  const epoch = entries.get("epoch") ?? ""
  if (entries.get("managed") !== "true") return { broken: "managed" }
  if (backend === undefined) return { broken: "backend" }
  if (instance === undefined) return { broken: "instance" }
  if (createdAt === undefined) return { broken: "created-at" }
  if (expiry !== undefined && expiresAt === undefined) return { broken: "expires-at" }
  if (!/^(0|[1-9]\d{0,14})$/.test(epoch)) return { broken: "epoch" }
  const facts = [...entries].flatMap(([name, value]) =>
    name.startsWith(FACT) ? [[name.slice(FACT.length), value] as const] : []
  )
  const odd = facts.find(([name]) => !isFactName(name))
  if (odd !== undefined) return { broken: `${FACT}${odd[0]}` }
  return {
    ...(containerId !== undefined && { containerId }),
    backend,
    instance,
    createdAt,
    ...(expiresAt !== undefined && { expiresAt }),
    epoch: Number(epoch),
    facts: Object.fromEntries(facts)
  }
}
