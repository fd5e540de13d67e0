import { rm } from "node:fs/promises"
import { run, text } from "./run.ts"

export interface Person {
  readonly name: string
  readonly email: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface Commit {
  readonly sha: string
  readonly tree: string
  readonly parents: ReadonlyArray<string>
  readonly author: Person
  readonly committer: Person
  readonly message: string
}

const LOG_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00%x01"

const parseCommit = (record: string): Commit => {
  const [sha = "", tree = "", parents = "", an = "", ae = "", at = "", cn = "", ce = "", ct = "", message = ""] =
    record.split("\0")
  return {
    sha,
    tree,
    parents: parents === "" ? [] : parents.split(" "),
    author: { name: an, email: ae, at: Number(at) * 1000 },
    committer: { name: cn, email: ce, at: Number(ct) * 1000 },
    message: message.replace(/\n+$/, "")
  }
}

export interface LogOptions {
  readonly from: ReadonlyArray<string>
  readonly path?: string
  readonly author?: string
  readonly since?: string
  readonly until?: string
  readonly skip?: number
  readonly limit?: number
  /** Oldest first. */
  readonly reverse?: boolean
}

/** Commits as `git log` orders them. */
export const log = async (path: string, options: LogOptions): Promise<ReadonlyArray<Commit>> => {
  const flags = [
    options.limit === undefined ? "" : `--max-count=${options.limit}`,
    options.skip === undefined ? "" : `--skip=${options.skip}`,
    options.author === undefined ? "" : `--author=${options.author}`,
    options.since === undefined ? "" : `--since=${options.since}`,
    options.until === undefined ? "" : `--until=${options.until}`,
    options.reverse === true ? "--reverse" : ""
  ].filter((flag) => flag !== "")
  const { stdout } = await run(path, [
    "log",
    `--format=${LOG_FORMAT}`,
    ...flags,
    "--end-of-options",
    ...options.from,
    "--",
    ...(options.path === undefined ? [] : [options.path])
  ])
  return stdout
    .toString("utf8")
    .split("\x01\n")
    .filter((record) => record.includes("\0"))
    .map(parseCommit)
}

/** How many commits are reachable. */
export const countCommits = async (path: string, ...from: ReadonlyArray<string>): Promise<number> =>
  Number(await text(path, ["rev-list", "--count", "--end-of-options", ...from, "--"]))

/** The object name of a revision, or undefined when there is none; `^{commit}` and the like may be appended. */
export const resolve = async (path: string, revision: string): Promise<string | undefined> => {
  const { code, stdout } = await run(path, ["rev-parse", "--verify", "--quiet", "--end-of-options", revision], {
    allow: [1, 128]
  })
  return code === 0 ? stdout.toString("utf8").trim().split("\n").at(-1) : undefined
}

/** One commit, or undefined when the revision is none. */
export const readCommit = async (path: string, revision: string): Promise<Commit | undefined> => {
  const sha = await resolve(path, `${revision}^{commit}`)
  if (sha === undefined) return undefined
  return (await log(path, { from: [sha], limit: 1 }))[0]
}

export interface TreeEntry {
  readonly mode: string
  readonly type: "blob" | "tree" | "commit"
  readonly sha: string
  readonly size: number | null
  readonly path: string
}

/** The entries of a tree; `undefined` when the revision is no tree. */
export const readTree = async (
  path: string,
  revision: string,
  recursive = false
): Promise<ReadonlyArray<TreeEntry> | undefined> => {
  // After `commit:folder` a peeling suffix would be read as part of the folder's name.
  const sha = await resolve(path, revision.includes(":") ? revision : `${revision}^{tree}`)
  if (sha === undefined) return undefined
  const { stdout } = await run(path, ["ls-tree", "-z", "-l", ...(recursive ? ["-r", "-t"] : []), sha])
  return stdout
    .toString("utf8")
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const [, mode = "", type = "", entry = "", size = "", name = ""] =
        /^(\d+) (\w+) (\w+) +(\S+)\t(.*)$/s.exec(line) ?? []
      return {
        mode,
        type: type === "tree" || type === "commit" ? type : "blob",
        sha: entry,
        size: size === "-" ? null : Number(size),
        path: name
      }
    })
}

/** The type of an object, or undefined when it is not there. */
export const typeOf = async (path: string, sha: string): Promise<string | undefined> => {
  const { code, stdout } = await run(path, ["cat-file", "-t", sha], { allow: [1, 128] })
  return code === 0 ? stdout.toString("utf8").trim() : undefined
}

/** The bytes of a blob. */
export const readBlob = async (path: string, sha: string): Promise<Buffer> =>
  (await run(path, ["cat-file", "blob", sha])).stdout

/** Writes a blob and returns its name. */
export const writeBlob = (path: string, content: Buffer): Promise<string> =>
  text(path, ["hash-object", "-w", "--stdin"], { input: content })

export interface NewCommit {
  readonly tree: string
  readonly parents: ReadonlyArray<string>
  readonly message: string
  readonly author: Person
  readonly committer?: Person
}

/** Writes a commit and returns its name. */
export const writeCommit = (path: string, commit: NewCommit): Promise<string> => {
  const committer = commit.committer ?? commit.author
  const date = (at: number): string => `@${Math.floor(at / 1000)} +0000`
  return text(path, ["commit-tree", commit.tree, ...commit.parents.flatMap((parent) => ["-p", parent]), "-F", "-"], {
    input: commit.message,
    env: {
      GIT_AUTHOR_NAME: commit.author.name,
      GIT_AUTHOR_EMAIL: commit.author.email,
      GIT_AUTHOR_DATE: date(commit.author.at),
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      GIT_COMMITTER_DATE: date(committer.at)
    }
  })
}

export interface TreeChange {
  readonly path: string
  readonly mode: string
  /** The object's name, or null to remove the path. */
  readonly sha: string | null
}

/** A tree that is `base` (empty when undefined) with changes at paths of any depth. */
export const writeTree = async (
  path: string,
  base: string | undefined,
  changes: ReadonlyArray<TreeChange>
): Promise<string> => {
  const index = `${path}/index.${process.pid}.${Math.random().toString(36).slice(2)}`
  const env = { GIT_INDEX_FILE: index }
  try {
    if (base !== undefined) await run(path, ["read-tree", base], { env })
    const lines = changes.map((one) =>
      one.sha === null ? `0 ${"0".repeat(40)}\t${one.path}\0` : `${one.mode} ${one.sha}\t${one.path}\0`
    )
    await run(path, ["update-index", "-z", "--index-info"], { env, input: lines.join("") })
    return await text(path, ["write-tree"], { env })
  } finally {
    await rm(index, { force: true })
  }
}
