import { Gone, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import type { Comment, Issue } from "./rows.ts"

/** The issue or pull request of a number, or 404. */
export const findIssue = (hub: Hub, repository: Repository, number: number): Issue => {
  const found = hub.tables.issues.by("number", `${repository.id}/${number}`)
  if (found === undefined) throw notFound()
  return found
}

/** The comment of an id in this repository, or 404. */
export const findComment = (hub: Hub, repository: Repository, id: number): Comment => {
  const found = hub.tables.comments.get(id)
  if (found === undefined || found.repositoryId !== repository.id) throw notFound()
  return found
}

/** Throws 410 where issues are switched off. */
export const requireIssues = (repository: Repository): void => {
  if (!repository.hasIssues) throw new Gone({ reason: "Issues has been disabled in this repository." })
}
