import { randomBytes } from "node:crypto"
import type { Account } from "../accounts/rows.ts"
import { invalid, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Gist, GistFile } from "./rows.ts"

/** The gist of a key, or 404. Secret ones are for everybody who knows the key, as on GitHub. */
export const findGist = (hub: Hub, key: string): Gist => {
  const found = hub.tables.gists.by("key", key)
  if (found === undefined) throw notFound()
  return found
}

/** The gist of a key when it is one's own, or 404. */
export const ownGist = (hub: Hub, actor: Account, key: string): Gist => {
  const gist = findGist(hub, key)
  if (gist.ownerId !== actor.id) throw notFound()
  return gist
}

/** Makes a gist. Part of a change. */
export const createGist = (hub: Hub, actor: Account, input: Pick<Gist, "description" | "public" | "files">): Gist => {
  if (input.files.length === 0) throw invalid({ resource: "Gist", field: "files", code: "missing_field" })
  const now = hub.now()
  return hub.tables.gists.insert({
    ...input,
    key: randomBytes(16).toString("hex"),
    ownerId: actor.id,
    createdAt: now,
    updatedAt: now
  })
}

/** What becomes of one file: other content, another name, or null for removal. */
export type FileChange = { readonly content?: string | undefined; readonly name?: string | undefined } | null

/** Changes a gist; files that are not named stay. Part of a change. */
export const updateGist = (
  hub: Hub,
  gist: Gist,
  change: { readonly description: string | undefined; readonly files: Readonly<Record<string, FileChange>> }
): Gist => {
  const files = new Map<string, GistFile>(gist.files.map((file) => [file.name, file]))
  for (const [name, file] of Object.entries(change.files)) {
    const known = files.get(name)
    files.delete(name)
    if (file === null) continue
    const next = file.name ?? name
    files.set(next, { name: next, content: file.content ?? known?.content ?? "" })
  }
  if (files.size === 0) throw invalid({ resource: "Gist", field: "files", code: "missing_field" })
  return hub.tables.gists.update(gist.id, {
    description: change.description ?? gist.description,
    files: [...files.values()],
    updatedAt: hub.now()
  })
}
