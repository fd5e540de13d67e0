import { randomUUID } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { awsTags, type TagSet } from "@sockerless/tags"
import { Effect, Option, Result, Schema, Stream } from "effect"
import type { CloudScanner, Found } from "./scanner.ts"

const Stored = Schema.Struct({
  type: Schema.String,
  name: Schema.String,
  tags: Schema.Record(Schema.String, Schema.String),
  parent: Schema.optionalKey(Schema.Struct({ type: Schema.String, id: Schema.String })),
  recoverable: Schema.Boolean,
  createdAtMillis: Schema.Number
})

/** What a resource is made of there. */
export interface FolderResource {
  readonly type: string
  readonly name: string
  /** Raw tags of the place, as a map; of others too. */
  readonly tags: Readonly<Record<string, string>>
  readonly parent?: { readonly type: string; readonly id: string }
  readonly recoverable?: boolean
}

/** A cloud whose resources are files, one folder for all processes: for tests of what is built on a scanner. */
export interface FolderCloud {
  readonly scanner: CloudScanner["Service"]
  /** Makes one, with an id of the cloud's own; asked twice it makes two. */
  readonly create: (resource: FolderResource) => Effect.Effect<{ readonly type: string; readonly id: string }>
  readonly exists: (id: string) => Effect.Effect<boolean>
  /** How many pages were asked for so far. */
  readonly pages: Effect.Effect<number>
}

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Stored))

/** Opens the cloud of a folder. Ages are by the Effect clock. */
export const folderCloud = (options: {
  readonly folder: string
  readonly backend: string
  readonly pageSize: number
}): FolderCloud => {
  let pages = 0
  mkdirSync(options.folder, { recursive: true })
  const fileOf = (id: string) => join(options.folder, `${id}.json`)
  const ids = () =>
    readdirSync(options.folder)
      .filter((file) => file.endsWith(".json"))
      .map((file) => file.slice(0, -".json".length))
      .toSorted()
  const now = Effect.clockWith((clock) => clock.currentTimeMillis)
  const found = (id: string, nowMillis: number): ReadonlyArray<Found> => {
    const stored = decode(readFileSync(fileOf(id), "utf8"))
    const tags: TagSet | undefined | Found["tags"] = Result.match(awsTags.ofMap(stored.tags), {
      onSuccess: (read) => read,
      onFailure: (fault) => fault
    })
    if (tags === undefined && !stored.name.startsWith("skls-") && stored.parent === undefined) return []
    return [
      {
        type: stored.type,
        id,
        name: stored.name,
        tags,
        ...(stored.parent && { parent: stored.parent }),
        state: "running",
        ageMillis: nowMillis - stored.createdAtMillis,
        recoverable: stored.recoverable,
        facts: { file: id }
      }
    ]
  }
  const page = (after: string) =>
    Effect.map(now, (nowMillis) => {
      pages += 1
      const on = ids()
        .filter((id) => id > after)
        .slice(0, options.pageSize)
      const last = on.length === options.pageSize ? Option.fromNullishOr(on.at(-1)) : Option.none<string>()
      return [on.flatMap((id) => found(id, nowMillis)), last] as const
    })
  return {
    scanner: {
      backend: options.backend,
      scan: Stream.paginate("", page),
      destroy: ({ id }) => Effect.sync(() => rmSync(fileOf(id), { force: true }))
    },
    create: (resource) =>
      Effect.map(now, (createdAtMillis) => {
        const id = randomUUID()
        const draft = join(options.folder, `${id}.new`)
        writeFileSync(draft, JSON.stringify({ recoverable: false, ...resource, createdAtMillis }))
        renameSync(draft, fileOf(id))
        return { type: resource.type, id }
      }),
    exists: (id) => Effect.sync(() => ids().includes(id)),
    pages: Effect.sync(() => pages)
  }
}
