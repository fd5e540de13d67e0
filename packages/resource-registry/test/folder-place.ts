import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option } from "effect"
import type { Identity, Place, Resource } from "../src/index.ts"

/**
 * A place whose resources are files. Like a cloud it gives ids of its own, does not know tokens, and would make a
 * second resource when asked twice; `journal` counts what was made.
 */
export const folderPlace = (folder: string) => {
  const resources = join(folder, "resources")
  const journal = join(folder, "journal")
  mkdirSync(resources, { recursive: true })
  const list = () =>
    readdirSync(resources)
      .toSorted()
      .map((id) => ({ id, token: readFileSync(join(resources, id), "utf8") }))
  const make = (token: string): Resource => {
    const count = existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length : 1
    const id = `r${String(count).padStart(3, "0")}`
    appendFileSync(journal, `${token}\n`)
    writeFileSync(join(resources, id), token)
    return { id, facts: { at: id } }
  }
  const find = (token: string): Effect.Effect<Option.Option<Resource>> =>
    Effect.sync(() =>
      Option.map(Option.fromNullishOr(list().find((one) => one.token === token)), ({ id }) => ({
        id,
        facts: { at: id }
      }))
    )
  const place: Place = {
    find: (entry) => find(entry.token),
    destroy: (entry) => Effect.sync(() => rmSync(join(resources, entry.id ?? ""), { force: true }))
  }
  return {
    place,
    list,
    made: () => (existsSync(journal) ? readFileSync(journal, "utf8").trimEnd().split("\n") : []),
    make,
    steps: {
      create: (identity: Identity) => Effect.sync(() => make(identity.token)),
      find: (identity: Identity) => find(identity.token)
    }
  }
}
