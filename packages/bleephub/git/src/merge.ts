import { type Commit, log, type Person, readCommit, resolve, writeCommit } from "./objects.ts"
import { run, text } from "./run.ts"

/** The best common ancestor, or undefined for unrelated histories. */
export const mergeBase = async (path: string, a: string, b: string): Promise<string | undefined> => {
  const { code, stdout } = await run(path, ["merge-base", "--end-of-options", a, b], { allow: [1, 128] })
  return code === 0 ? stdout.toString("utf8").trim() : undefined
}

/** Whether `ancestor` is reachable from `tip`. */
export const isAncestor = async (path: string, ancestor: string, tip: string): Promise<boolean> =>
  (await run(path, ["merge-base", "--is-ancestor", ancestor, tip], { allow: [1] })).code === 0

/** How many commits each side has that the other has not. */
export const aheadBehind = async (
  path: string,
  base: string,
  head: string
): Promise<{ readonly ahead: number; readonly behind: number }> => {
  const [behind = "0", ahead = "0"] = (
    await text(path, ["rev-list", "--left-right", "--count", `${base}...${head}`])
  ).split("\t")
  return { ahead: Number(ahead), behind: Number(behind) }
}

/** The tree of both sides put together, without a work tree; undefined when they conflict. */
export const mergeTrees = async (path: string, ours: string, theirs: string): Promise<string | undefined> => {
  const { code, stdout } = await run(
    path,
    ["merge-tree", "--write-tree", "--allow-unrelated-histories", ours, theirs],
    {
      allow: [1]
    }
  )
  return code === 0 ? stdout.toString("utf8").split("\n")[0] : undefined
}

export interface MergeOptions {
  readonly base: string
  readonly head: string
  readonly author: Person
  readonly committer?: Person
  readonly message: string
}

/** A merge commit of two parents; undefined when they conflict. */
export const mergeCommit = async (path: string, options: MergeOptions): Promise<string | undefined> => {
  const tree = await mergeTrees(path, options.base, options.head)
  if (tree === undefined) return undefined
  const { author, committer = author, message } = options
  return writeCommit(path, { tree, parents: [options.base, options.head], message, author, committer })
}

/** One commit on the base with everything the head adds; undefined when they conflict. */
export const squashCommit = async (path: string, options: MergeOptions): Promise<string | undefined> => {
  const tree = await mergeTrees(path, options.base, options.head)
  if (tree === undefined) return undefined
  const { author, committer = author, message } = options
  return writeCommit(path, { tree, parents: [options.base], message, author, committer })
}

/** The commits that `head` adds to `base`, oldest first. */
export const commitsBetween = (path: string, base: string, head: string): Promise<ReadonlyArray<Commit>> =>
  log(path, { from: [`${base}..${head}`], reverse: true })

/**
 * The head's commits one by one on the base; undefined when one conflicts. Merges are left out, as git does.
 * Works before git 2.40 too: a stand-in commit with the base's tree and the picked commit's parent makes that
 * parent the merge base.
 */
export const rebaseCommits = async (
  path: string,
  options: { readonly base: string; readonly head: string; readonly committer: Person }
): Promise<string | undefined> => {
  let base = options.base
  for (const commit of await commitsBetween(path, options.base, options.head)) {
    const [parent, second] = commit.parents
    if (second !== undefined) continue
    const onto = (await readCommit(path, base))?.tree
    if (onto === undefined) return undefined
    const standIn = await writeCommit(path, {
      tree: onto,
      parents: parent === undefined ? [] : [parent],
      message: "stand-in",
      author: options.committer
    })
    const tree = await mergeTrees(path, standIn, commit.sha)
    if (tree === undefined) return undefined
    base = await writeCommit(path, {
      tree,
      parents: [base],
      message: commit.message,
      author: commit.author,
      committer: options.committer
    })
  }
  return base
}

/** Makes the objects of another repository's commit present here; both are ours and on one disk. */
export const borrow = async (path: string, from: string, sha: string): Promise<void> => {
  if (path === from || (await resolve(path, `${sha}^{commit}`)) !== undefined) return
  await run(path, ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", from, sha])
}
