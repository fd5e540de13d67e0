import { isGreen } from "../checks/checks.ts"
import type { Hub } from "../hub.ts"
import { latestVerdicts } from "../pulls/reviews.ts"
import type { Pull } from "../pulls/rows.ts"

/** Why a pull request must not be merged although git could. */
export interface Obstacle {
  readonly kind: "blocked" | "behind" | "unstable"
  readonly reason: string
}

const blocked = (reason: string): Obstacle => ({ kind: "blocked", reason })

const reviewObstacle = (hub: Hub, pull: Pull, count: number): Obstacle | undefined => {
  const verdicts = latestVerdicts(hub, pull)
  if (verdicts.some((one) => one.state === "CHANGES_REQUESTED")) return blocked("Changes were requested.")
  const approvals = verdicts.filter((one) => one.state === "APPROVED").length
  if (approvals >= count) return undefined
  const noun = count === 1 ? "1 approving review is" : `${count} approving reviews are`
  return blocked(`At least ${noun} required by reviewers with write access.`)
}

/** What the base branch's protection still asks for; undefined when nothing is missing. */
export const mergeObstacle = (hub: Hub, pull: Pull, behind: boolean): Obstacle | undefined => {
  const rule = hub.tables.protections.by("branch", `${pull.repositoryId} ${pull.baseRef}`)
  if (rule === undefined) return undefined
  const repository = hub.tables.repositories.need(pull.repositoryId)
  if (rule.lockBranch) return blocked("The branch is locked.")
  const review = rule.reviews === null ? undefined : reviewObstacle(hub, pull, rule.reviews.count)
  if (review !== undefined) return review
  const missing = (rule.checks ?? []).find((name) => !isGreen(hub, repository, pull.headSha, name))
  if (missing !== undefined) return blocked(`Required status check "${missing}" is expected.`)
  if (rule.conversationResolution) {
    const open = hub.tables.reviewComments.where("pull", pull.id).some((one) => one.replyToId === null && !one.resolved)
    if (open) return blocked("All comments must be resolved.")
  }
  if (rule.checks !== null && rule.strictChecks && behind) {
    return { kind: "behind", reason: "Head branch is out of date." }
  }
  return undefined
}
