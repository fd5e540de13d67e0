import { Result } from "effect"
import { TagsRefused, TagsUnreadable } from "./faults.ts"
import { entriesOf, isFactName, tagSetOf, type TagSet } from "./tag-set.ts"

/**
 * What one cloud lets a tag hold, and how our tags fit into it. Invariants: a rendering stays within the limits or is
 * refused; `parse(render(tags))` is `tags`; tags of others are left out of what is read and never make it fail.
 *
 * A character outside the alphabet, and the escape character itself, becomes `<escape>hh` for each UTF-8 byte; a text
 * longer than one value goes on in `<key><separator>2`, `…3`.
 */
export interface Carrier {
  readonly name: string
  /** Between the words of a key. */
  readonly separator: string
  readonly valueLimit: number
  readonly countLimit: number
  /** Characters that need no escape; never holds the escape character. */
  readonly plain: RegExp
  readonly escape: string
  readonly writeTime: (iso: string) => string
  readonly readTime: (text: string) => string
  /** Keys that differ in case only are one key there. */
  readonly foldsKeyCase: boolean
}

type TagMap = Readonly<Record<string, string>>

const PREFIX = "sockerless"

const escaped = (carrier: Carrier, text: string): ReadonlyArray<string> =>
  [...text].map((char) =>
    carrier.plain.test(char)
      ? char
      : [...Buffer.from(char)].map((byte) => `${carrier.escape}${byte.toString(16).padStart(2, "0")}`).join("")
  )

/** Cuts between characters' escapes, so that every part can be read alone. */
const parts = (carrier: Carrier, units: ReadonlyArray<string>): ReadonlyArray<string> => {
  const made = [""]
  for (const unit of units) {
    const last = made[made.length - 1] ?? ""
    if (last.length + unit.length <= carrier.valueLimit) made[made.length - 1] = last + unit
    else made.push(unit)
  }
  return made
}

const unescaped = (carrier: Carrier, text: string): string | undefined => {
  const bytes: Array<number> = []
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === carrier.escape) {
      const hex = text.slice(at + 1, at + 3)
      if (!/^[0-9a-f]{2}$/.test(hex)) return undefined
      bytes.push(Number.parseInt(hex, 16))
      at += 2
    } else if (carrier.plain.test(char)) bytes.push(char.charCodeAt(0))
    else return undefined
  }
  const read = Buffer.from(bytes)
  const decoded = read.toString("utf8")
  return Buffer.from(decoded).equals(read) ? decoded : undefined
}

const keyOf = (carrier: Carrier, name: string, part: number): string => {
  const key = [PREFIX, ...name.split("-")].join(carrier.separator)
  return part === 1 ? key : `${key}${carrier.separator}${part}`
}

const timeText = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`

/** Our tags in a carrier's alphabet, or why they do not fit. */
export const render = (carrier: Carrier, tags: TagSet): Result.Result<TagMap, TagsRefused> => {
  const refuse = (reason: string) => Result.fail(new TagsRefused({ carrier: carrier.name, reason }))
  const odd = Object.keys(tags.facts).find((name) => !isFactName(name))
  if (odd !== undefined) return refuse(`a fact's name is lower-case words, not ${JSON.stringify(odd)}`)
  if (!Number.isSafeInteger(tags.epoch) || tags.epoch < 0 || tags.epoch >= 1e15) {
    return refuse(`an epoch is a whole number from 0 to 10^15, not ${tags.epoch}`)
  }
  const map: Record<string, string> = {}
  for (const [name, value] of entriesOf(tags)) {
    if (value instanceof Date) {
      if (!(value.getTime() >= 0 && value.getUTCFullYear() < 10_000)) return refuse(`${name} is not a time since 1970`)
      map[keyOf(carrier, name, 1)] = carrier.writeTime(timeText(value))
      continue
    }
    if (!value.isWellFormed()) return refuse(`the value of ${name} is not well-formed Unicode`)
    for (const [index, part] of parts(carrier, escaped(carrier, value)).entries()) {
      map[keyOf(carrier, name, index + 1)] = part
    }
  }
  const count = Object.keys(map).length
  if (count > carrier.countLimit) {
    return refuse(
      `${count} tags are needed and a resource holds ${carrier.countLimit}; keep long facts in the spec object`
    )
  }
  return Result.succeed(map)
}

const joined = (carrier: Carrier, map: TagMap): ReadonlyMap<string, string> => {
  const byName = new Map<string, Array<string | undefined>>()
  for (const [written, value] of Object.entries(map)) {
    const key = carrier.foldsKeyCase ? written.toLowerCase() : written
    const words = key.split(carrier.separator)
    if (words[0] !== PREFIX) continue
    const number = words.length > 2 && /^([2-9]|[1-9]\d+)$/.test(words.at(-1) ?? "") ? Number(words.pop()) : 1
    const name = words.slice(1).join("-")
    const known = byName.get(name) ?? []
    known[number - 1] = value
    byName.set(name, known)
  }
  return new Map([...byName].map(([name, values]) => [name, Array.from(values, (part) => part ?? "").join("")]))
}

const readTime = (carrier: Carrier, text: string): Date | undefined => {
  const time = new Date(carrier.readTime(text))
  return Number.isNaN(time.getTime()) || carrier.writeTime(timeText(time)) !== text ? undefined : time
}

/** The tag set among a resource's tags; undefined when it is not ours at all. */
export const parse = (carrier: Carrier, map: TagMap): Result.Result<TagSet | undefined, TagsUnreadable> => {
  const raw = joined(carrier, map)
  if (!raw.has("managed")) return Result.succeed(undefined)
  const unreadable = (key: string) =>
    Result.fail(new TagsUnreadable({ carrier: carrier.name, key: keyOf(carrier, key, 1), value: raw.get(key) ?? "" }))
  const entries = new Map<string, string>()
  for (const [name, value] of raw) {
    const text = name === "created-at" || name === "expires-at" ? value : unescaped(carrier, value)
    if (text === undefined) return unreadable(name)
    entries.set(name, text)
  }
  const tags = tagSetOf(entries, (text) => readTime(carrier, text))
  return "broken" in tags ? unreadable(tags.broken) : Result.succeed(tags)
}
