import { borrow, commitsBetween, readRef, repositoryPath, updateRefs, ZERO } from "@sockerless/bleephub-git"
import { canSee, requireReader, roleOf } from "../access/repository.ts"
import { atLeast } from "../access/role.ts"
import type { Viewer } from "../access/viewer.ts"
import { emit } from "../events/emit.ts"
import { invalid } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { insertIssue, type NewIssue } from "../issues/create.ts"
import { repositoryNamed } from "../repositories/find.ts"
import type { Repository } from "../repositories/rows.ts"
import type { PullRequest } from "./find.ts"

export interface NewPull extends NewIssue {
  /** `branch` or `owner:branch`. */
  readonly head: string
  /** The repository of the head, when the owner has several of the network. */
  readonly headRepository?: Repository | undefined
  readonly base: string
  readonly draft?: boolean
  readonly maintainerCanModify?: boolean
}

const headRepositoryOf = (hub: Hub, viewer: Viewer, base: Repository, owner: string): Repository | undefined => {
  const account = hub.tables.accounts.by("login", owner.toLowerCase())
  if (account === undefined) return undefined
  if (account.id === base.ownerId) return base
  const root = base.parentId ?? base.id
  return (
    hub.tables.repositories
      .where("owner", account.id)
      .find((one) => (one.parentId === root || one.id === root) && canSee(hub, viewer, one)) ??
    repositoryNamed(hub, owner, base.name)
  )
}

const branch = async (hub: Hub, repository: Repository | undefined, name: string): Promise<string | undefined> => {
  if (repository === undefined) return undefined
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  return (await readRef(path, `refs/heads/${name}`))?.sha
}

interface Sides {
  readonly headRepository: Repository
  readonly headRef: string
  readonly headSha: string
  readonly baseSha: string
}

const sidesOf = async (hub: Hub, viewer: Viewer, repository: Repository, input: NewPull): Promise<Sides> => {
  const colon = input.head.indexOf(":")
  const owner = colon === -1 ? undefined : input.head.slice(0, colon)
  const headRef = input.head.slice(colon + 1)
  const headRepository =
    input.headRepository ?? (owner === undefined ? repository : headRepositoryOf(hub, viewer, repository, owner))
  const baseSha = await branch(hub, repository, input.base)
  if (baseSha === undefined) throw invalid({ resource: "PullRequest", field: "base", code: "invalid" })
  const headSha = await branch(hub, headRepository, headRef)
  if (headRepository === undefined || headSha === undefined || !canSee(hub, viewer, headRepository)) {
    throw invalid({ resource: "PullRequest", field: "head", code: "invalid" })
  }
  return { headRepository, headRef, headSha, baseSha }
}

const custom = (message: string) => invalid({ resource: "PullRequest", field: "base", code: "custom", message })

const checkNew = async (hub: Hub, repository: Repository, input: NewPull, sides: Sides): Promise<void> => {
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  await borrow(path, repositoryPath(hub.repositoriesFolder, sides.headRepository.id), sides.headSha)
  const commits = await commitsBetween(path, sides.baseSha, sides.headSha)
  if (commits.length === 0) throw custom(`No commits between ${input.base} and ${input.head}`)
  const same = hub.tables.pulls
    .where("head", `${sides.headRepository.id} ${sides.headRef}`)
    .find(
      (one) =>
        one.repositoryId === repository.id &&
        one.baseRef === input.base &&
        hub.tables.issues.need(one.issueId).state === "open"
    )
  if (same === undefined) return
  const owner = hub.tables.accounts.need(sides.headRepository.ownerId).login
  throw custom(`A pull request already exists for ${owner}:${sides.headRef}.`)
}

/** Opens a pull request and points `refs/pull/<number>/head` to it. */
export const createPull = async (
  hub: Hub,
  viewer: Viewer,
  repository: Repository,
  input: NewPull
): Promise<PullRequest> => {
  const actor = requireReader(hub, viewer, repository)
  const sides = await sidesOf(hub, viewer, repository, input)
  return hub.exclusive(repository.id, async () => {
    await checkNew(hub, repository, input, sides)
    const mayTriage = atLeast(roleOf(hub, viewer, repository), "triage")
    const made = await hub.change(() => {
      const issue = insertIssue(hub, actor, repository, { ...input, isPull: true, mayTriage })
      const pull = hub.tables.pulls.insert({
        issueId: issue.id,
        repositoryId: repository.id,
        number: issue.number,
        headRepositoryId: sides.headRepository.id,
        headRef: sides.headRef,
        headSha: sides.headSha,
        baseRef: input.base,
        baseSha: sides.baseSha,
        draft: input.draft ?? false,
        maintainerCanModify: input.maintainerCanModify ?? sides.headRepository.id !== repository.id,
        reviewerIds: [],
        reviewTeamIds: [],
        mergedAt: null,
        mergedById: null,
        mergeSha: null,
        autoMerge: null
      })
      emit(hub, { event: "pull_request", action: "opened", actor, repository, detail: { issueId: issue.id } })
      return { pull, issue }
    })
    const path = repositoryPath(hub.repositoriesFolder, repository.id)
    await updateRefs(path, [{ ref: `refs/pull/${made.pull.number}/head`, old: ZERO, new: sides.headSha }])
    return made
  })
}
