import { run } from "./run.ts"

export interface ChangedFile {
  readonly path: string
  readonly previousPath: string | null
  readonly status: "added" | "removed" | "modified" | "renamed" | "copied" | "changed"
  readonly sha: string | null
  readonly additions: number
  readonly deletions: number
  /** Absent for binary files and for ones too long to show. */
  readonly patch: string | null
}

/** GitHub shows no patch that is longer. */
const PATCH_LINES = 3000

const STATUS: Readonly<Record<string, ChangedFile["status"]>> = {
  A: "added",
  D: "removed",
  M: "modified",
  R: "renamed",
  C: "copied",
  T: "changed"
}

const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

interface RawEntry {
  readonly status: string
  readonly sha: string
  readonly path: string
  readonly previousPath: string | null
}

const parseRaw = (
  fields: ReadonlyArray<string>
): { readonly entries: ReadonlyArray<RawEntry>; readonly rest: number } => {
  const entries: Array<RawEntry> = []
  let at = 0
  while (fields[at]?.startsWith(":") === true) {
    const [, , , sha = "", status = ""] = (fields[at] ?? "").split(" ")
    const moved = status.startsWith("R") || status.startsWith("C")
    entries.push({
      status: status.slice(0, 1),
      sha,
      path: fields[at + (moved ? 2 : 1)] ?? "",
      previousPath: moved ? (fields[at + 1] ?? "") : null
    })
    at += moved ? 3 : 2
  }
  return { entries, rest: at }
}

const parseNumbers = (fields: ReadonlyArray<string>): ReadonlyArray<readonly [number, number]> => {
  const numbers: Array<readonly [number, number]> = []
  for (let at = 0; at < fields.length; at++) {
    const [added = "", deleted = "", name] = (fields[at] ?? "").split("\t")
    if (name === undefined) continue
    numbers.push([Number(added) || 0, Number(deleted) || 0])
    if (name === "") at += 2
  }
  return numbers
}

const parsePatches = (output: string): ReadonlyArray<string | null> =>
  output
    .split(/^diff --git .*\n/m)
    .slice(1)
    .map((part) => {
      const hunk = part.search(/^@@ /m)
      if (hunk === -1) return null
      const patch = part.slice(hunk).replace(/\n$/, "")
      return patch.split("\n").length > PATCH_LINES ? null : patch
    })

/** What differs between two trees or commits; `undefined` as the left side is the empty tree. */
export const changedFiles = async (
  path: string,
  from: string | undefined,
  to: string
): Promise<ReadonlyArray<ChangedFile>> => {
  const sides = [from ?? EMPTY_TREE, to]
  const [listed, patched] = await Promise.all([
    run(path, ["diff", "--raw", "--numstat", "-z", "-M", "--no-abbrev", ...sides]),
    run(path, ["diff", "-p", "-M", ...sides])
  ])
  const fields = listed.stdout.toString("utf8").split("\0")
  const { entries, rest } = parseRaw(fields)
  const numbers = parseNumbers(fields.slice(rest))
  const patches = parsePatches(patched.stdout.toString("utf8"))
  return entries.map((entry, position) => {
    const [additions, deletions] = numbers[position] ?? [0, 0]
    return {
      path: entry.path,
      previousPath: entry.previousPath,
      status: STATUS[entry.status] ?? "changed",
      sha: entry.status === "D" ? null : entry.sha,
      additions,
      deletions,
      patch: patches[position] ?? null
    }
  })
}

/** The differences as `git diff` prints them. */
export const diffText = async (path: string, from: string | undefined, to: string): Promise<string> =>
  (await run(path, ["diff", "-M", from ?? EMPTY_TREE, to])).stdout.toString("utf8")

/** The commits as mails that `git am` takes. */
export const patchText = async (path: string, from: string, to: string): Promise<string> =>
  (await run(path, ["format-patch", "--stdout", `${from}..${to}`])).stdout.toString("utf8")

/** One commit as a mail. */
export const commitPatchText = async (path: string, sha: string): Promise<string> =>
  (await run(path, ["format-patch", "--stdout", "-1", sha])).stdout.toString("utf8")
