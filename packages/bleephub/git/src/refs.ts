import { run } from "./run.ts"

/** The object name that stands for "no such ref". */
export const ZERO = "0".repeat(40)

export interface Ref {
  readonly name: string
  readonly sha: string
  readonly type: "commit" | "tag" | "tree" | "blob"
}

/** One ref's move; `old` is what it must be now, `ZERO` for absent. */
export interface RefUpdate {
  readonly ref: string
  readonly old: string
  readonly new: string
}

/** Somebody else moved the ref first. */
export class RefMoved extends Error {
  readonly kind = "conflict"
}

const FORMAT = "--format=%(objectname) %(objecttype) %(refname)"

/** The refs below one of the prefixes, by name; all when none is given. */
export const listRefs = async (path: string, ...prefixes: ReadonlyArray<string>): Promise<ReadonlyArray<Ref>> => {
  const { stdout } = await run(path, ["for-each-ref", FORMAT, ...prefixes])
  return stdout
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [sha = "", type = "", name = ""] = line.split(/ (\S+) (.*)/)
      return { name, sha, type: type === "tag" || type === "tree" || type === "blob" ? type : "commit" }
    })
}

/** What one ref points to, or undefined. */
export const readRef = async (path: string, name: string): Promise<Ref | undefined> =>
  (await listRefs(path, name)).find((ref) => ref.name === name)

/** Moves all the refs or none; throws `RefMoved` when one is not where it was thought to be. */
export const updateRefs = async (path: string, updates: ReadonlyArray<RefUpdate>): Promise<void> => {
  const lines = updates.map((one) =>
    one.new === ZERO ? `delete ${one.ref}\0${one.old}\0` : `update ${one.ref}\0${one.new}\0${one.old}\0`
  )
  const { code, stderr } = await run(path, ["update-ref", "-z", "--stdin"], { input: lines.join(""), allow: [128] })
  if (code !== 0) throw new RefMoved(stderr.trim().replace(/^fatal: /, ""))
}

/** Whether git would take this as the full name of a ref. */
export const isRefName = async (path: string, name: string): Promise<boolean> =>
  (await run(path, ["check-ref-format", name], { allow: [1] })).code === 0
