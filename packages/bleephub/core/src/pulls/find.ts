import { notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Issue } from "../issues/rows.ts"
import type { Repository } from "../repositories/rows.ts"
import type { Pull } from "./rows.ts"

/** A pull request with its issue side. */
export interface PullRequest {
  readonly pull: Pull
  readonly issue: Issue
}

/** The pull request of a number, or 404. */
export const findPull = (hub: Hub, repository: Repository, number: number): PullRequest => {
  const pull = hub.tables.pulls.by("number", `${repository.id}/${number}`)
  if (pull === undefined) throw notFound()
  return { pull, issue: hub.tables.issues.need(pull.issueId) }
}

/** The pull request whose issue side this is. */
export const pullOf = (hub: Hub, issue: Issue): Pull => {
  const pull = hub.tables.pulls.by("issue", issue.id)
  if (pull === undefined) throw notFound()
  return pull
}

/** `owner:branch`, or `unknown repository` for a fork that is gone. */
export const headLabel = (hub: Hub, pull: Pull): string => {
  const repository = pull.headRepositoryId === null ? undefined : hub.tables.repositories.get(pull.headRepositoryId)
  if (repository === undefined) return "unknown repository"
  return `${hub.tables.accounts.need(repository.ownerId).login}:${pull.headRef}`
}
