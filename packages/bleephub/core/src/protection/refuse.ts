import { isAncestor, type RefUpdate, repositoryPath, resolve, ZERO } from "@sockerless/bleephub-git"
import { grantedRole } from "../access/repository.ts"
import type { Account } from "../accounts/rows.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import type { Protection } from "./rows.ts"

const forced = async (hub: Hub, repository: Repository, update: RefUpdate): Promise<boolean> => {
  if (update.old === ZERO || update.new === ZERO) return false
  const path = repositoryPath(hub.repositoriesFolder, repository.id)
  // The new commit of a push is not here yet; git then tells after the pack has come, so it is not forced by what is known.
  if ((await resolve(path, `${update.new}^{commit}`)) === undefined) return false
  return !(await isAncestor(path, update.old, update.new))
}

const refusalBy = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  rule: Protection,
  update: RefUpdate
): Promise<string | undefined> => {
  const exempt = !rule.enforceAdmins && grantedRole(hub, actor, repository) === "admin"
  if (update.new === ZERO && !rule.allowDeletions) return "Cannot delete this protected branch"
  if (!rule.allowForcePushes && (await forced(hub, repository, update)))
    return "Cannot force-push to this protected branch"
  if (exempt) return undefined
  if (rule.lockBranch) return "Cannot change this locked branch"
  if (rule.reviews !== null) return "Changes must be made through a pull request."
  if (rule.checks !== null && rule.checks.length > 0) return `Required status check "${rule.checks[0]}" is expected.`
  if (rule.pushers !== null && !rule.pushers.includes(actor.id)) {
    return "You're not authorized to push to this branch."
  }
  return undefined
}

const ruleOf = (hub: Hub, repository: Repository, update: RefUpdate): Protection | undefined => {
  const branch = /^refs\/heads\/(.*)$/.exec(update.ref)?.[1]
  return branch === undefined ? undefined : hub.tables.protections.by("branch", `${repository.id} ${branch}`)
}

/** Whether the branch of an update must never forget commits. */
export const forbidsForce = (hub: Hub, repository: Repository, update: RefUpdate): boolean => {
  const rule = ruleOf(hub, repository, update)
  return rule !== undefined && !rule.allowForcePushes
}

/** Why an account may not move a ref by itself, or undefined when it may. Every way to write refs asks here. */
export const refuseRef = async (
  hub: Hub,
  actor: Account,
  repository: Repository,
  update: RefUpdate
): Promise<string | undefined> => {
  if (/^refs\/(pull|bleephub)\//.test(update.ref)) return "deny updating a hidden ref"
  const rule = ruleOf(hub, repository, update)
  const refusal = rule === undefined ? undefined : await refusalBy(hub, actor, repository, rule, update)
  return refusal === undefined ? undefined : `protected branch hook declined: ${refusal}`
}
