import { grantedRole } from "../access/repository.ts"
import { atLeast } from "../access/role.ts"
import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { recordEvent } from "../issues/record.ts"
import type { PullRequest } from "./find.ts"
import type { Pull } from "./rows.ts"

/** Who is asked: accounts and teams by id. */
export interface Asked {
  readonly reviewerIds: ReadonlyArray<number>
  readonly teamIds: ReadonlyArray<number>
}

/** The ids of logins and team slugs that may be asked; others are GitHub's 422. */
export const resolveReviewers = (
  hub: Hub,
  { pull, issue }: PullRequest,
  logins: ReadonlyArray<string>,
  slugs: ReadonlyArray<string>
): Asked => {
  const repository = hub.tables.repositories.need(pull.repositoryId)
  const reviewerIds = logins.map((login) => {
    const account = hub.tables.accounts.by("login", login.toLowerCase())
    if (account?.id === issue.authorId) {
      throw unprocessable("Review cannot be requested from pull request author.")
    }
    if (account === undefined || !atLeast(grantedRole(hub, account, repository), "read")) {
      throw unprocessable(
        "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository."
      )
    }
    return account.id
  })
  const teamIds = slugs.map((slug) => {
    const team = hub.tables.teams.by("slug", `${repository.ownerId}/${slug.replace(/^.*\//, "").toLowerCase()}`)
    if (team === undefined) {
      throw unprocessable(
        "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository."
      )
    }
    return team.id
  })
  return { reviewerIds, teamIds }
}

/** Asks exactly these for their review and records who came and went. Part of a change. */
export const setReviewers = (hub: Hub, actor: Account, { pull, issue }: PullRequest, asked: Asked): Pull => {
  const repository = hub.tables.repositories.need(pull.repositoryId)
  const turn = (
    id: number,
    event: "review_requested" | "review_request_removed",
    noun: "reviewerId" | "teamId"
  ): void => {
    recordEvent(hub, actor, issue, event, { [noun]: id })
    emit(hub, { event: "pull_request", action: event, actor, repository, detail: { issueId: issue.id, [noun]: id } })
  }
  const each = (before: ReadonlyArray<number>, after: ReadonlyArray<number>, noun: "reviewerId" | "teamId"): void => {
    for (const id of after) if (!before.includes(id)) turn(id, "review_requested", noun)
    for (const id of before) if (!after.includes(id)) turn(id, "review_request_removed", noun)
  }
  const reviewerIds = [...new Set(asked.reviewerIds)]
  const reviewTeamIds = [...new Set(asked.teamIds)]
  each(pull.reviewerIds, reviewerIds, "reviewerId")
  each(pull.reviewTeamIds, reviewTeamIds, "teamId")
  hub.tables.issues.update(issue.id, { updatedAt: hub.now() })
  return hub.tables.pulls.update(pull.id, { reviewerIds, reviewTeamIds })
}
