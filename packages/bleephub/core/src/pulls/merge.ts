import {
  commitsBetween,
  mergeCommit,
  type Person,
  rebaseCommits,
  repositoryPath,
  squashCommit,
  ZERO
} from "@sockerless/bleephub-git"
import { requireWriter } from "../access/repository.ts"
import type { Viewer } from "../access/viewer.ts"
import { personOf } from "../accounts/person.ts"
import type { Account } from "../accounts/rows.ts"
import { Conflict, NotAllowed } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { moveRefs } from "../repositories/move-refs.ts"
import type { Repository } from "../repositories/rows.ts"
import { headLabel, type PullRequest } from "./find.ts"
import { markMerged } from "./follow.ts"
import { mergeStateOf } from "./mergeable.ts"
import type { Pull } from "./rows.ts"

export interface MergeRequest {
  readonly method: "merge" | "squash" | "rebase"
  readonly title?: string | undefined
  readonly message?: string | undefined
  /** The head the caller has seen; another one is a conflict. */
  readonly sha?: string | undefined
}

const ALLOWED = { merge: "allowMerge", squash: "allowSquash", rebase: "allowRebase" } as const

const WEB = { name: "GitHub", email: "noreply@github.com" }

/** The first line and the rest of the commit that a merge would make unless told otherwise. */
export const mergeText = async (
  hub: Hub,
  { pull, issue }: PullRequest,
  method: MergeRequest["method"]
): Promise<{ readonly title: string; readonly message: string }> => {
  if (method !== "squash") {
    const label = headLabel(hub, pull).replace(":", "/")
    return { title: `Merge pull request #${pull.number} from ${label}`, message: issue.title }
  }
  const path = repositoryPath(hub.repositoriesFolder, pull.repositoryId)
  const commits = await commitsBetween(path, pull.baseSha, pull.headSha)
  const [only, second] = commits
  if (only !== undefined && second === undefined) {
    const [title = "", ...rest] = only.message.split("\n")
    return { title: `${title} (#${pull.number})`, message: rest.join("\n").trim() }
  }
  return {
    title: `${issue.title} (#${pull.number})`,
    message: commits.map((commit) => `* ${commit.message}`).join("\n\n")
  }
}

const makeCommit = async (
  hub: Hub,
  actor: Account,
  request: PullRequest,
  asked: MergeRequest,
  base: string
): Promise<string | undefined> => {
  const { pull } = request
  const path = repositoryPath(hub.repositoriesFolder, pull.repositoryId)
  const committer: Person = { ...WEB, at: hub.now() }
  if (asked.method === "rebase") return rebaseCommits(path, { base, head: pull.headSha, committer })
  const text = await mergeText(hub, request, asked.method)
  const title = asked.title === undefined || asked.title === "" ? text.title : asked.title
  const message = asked.message ?? text.message
  const options = {
    base,
    head: pull.headSha,
    author: personOf(hub, actor),
    committer,
    message: `${title}${message === "" ? "" : `\n\n${message}`}\n`
  }
  return asked.method === "squash" ? squashCommit(path, options) : mergeCommit(path, options)
}

const checkMay = (repository: Repository, { pull, issue }: PullRequest, asked: MergeRequest): void => {
  if (pull.mergedAt !== null || issue.state === "closed")
    throw new NotAllowed({ reason: "Pull Request is not mergeable" })
  if (!repository[ALLOWED[asked.method]]) {
    const noun =
      asked.method === "merge" ? "Merge commits" : asked.method === "squash" ? "Squash merges" : "Rebase merges"
    throw new NotAllowed({ reason: `${noun} are not allowed on this repository.` })
  }
  if (asked.sha !== undefined && asked.sha !== pull.headSha) {
    throw new Conflict({ reason: "Head branch was modified. Review and try the merge again." })
  }
}

/** Merges a pull request; the base branch, the row and everything that follows change together. */
export const mergePull = async (
  hub: Hub,
  viewer: Viewer,
  repository: Repository,
  number: number,
  asked: MergeRequest
): Promise<string> => {
  const actor = requireWriter(hub, viewer, repository)
  const merged = await hub.exclusive(repository.id, () => mergeNow(hub, actor, repository, number, asked))
  await deleteHead(hub, actor, merged.pull)
  return merged.sha
}

const mergeNow = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  number: number,
  asked: MergeRequest
): Promise<{ readonly sha: string; readonly pull: Pull }> => {
  const pull = hub.tables.pulls.by("number", `${repository.id}/${number}`)
  if (pull === undefined) throw new NotAllowed({ reason: "Pull Request is not mergeable" })
  const request = { pull, issue: hub.tables.issues.need(pull.issueId) }
  checkMay(repository, request, asked)
  const { baseSha, obstacle } = await mergeStateOf(hub, pull)
  if (baseSha === undefined || obstacle !== undefined) {
    throw new NotAllowed({
      reason: obstacle === "Merge conflict" ? "Pull Request is not mergeable" : (obstacle ?? "Base branch is gone")
    })
  }
  const sha = await makeCommit(hub, actor, request, asked, baseSha)
  if (sha === undefined) throw new NotAllowed({ reason: "Pull Request is not mergeable" })
  const update = { ref: `refs/heads/${pull.baseRef}`, old: baseSha, new: sha }
  await moveRefs(hub, actor, repository, [update], {
    pullId: pull.id,
    also: () => {
      if (hub.tables.pulls.need(pull.id).mergedAt === null) markMerged(hub, actor, pull, sha)
    }
  })
  return { sha, pull }
}

/** Removes the head branch where the repository says so. */
const deleteHead = async (hub: Hub, actor: Account, pull: Pull): Promise<void> => {
  const repository = hub.tables.repositories.need(pull.repositoryId)
  if (!repository.deleteBranchOnMerge || pull.headRepositoryId !== repository.id) return
  if (pull.headRef === repository.defaultBranch) return
  await hub.exclusive(repository.id, () =>
    moveRefs(hub, actor, repository, [{ ref: `refs/heads/${pull.headRef}`, old: pull.headSha, new: ZERO }])
  )
}
