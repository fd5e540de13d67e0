import {
  findRepository,
  fullName,
  notFound,
  type Protection,
  type Repository,
  requireAdmin,
  unprocessable
} from "@sockerless/bleephub-core"
import { readRef } from "@sockerless/bleephub-git"
import { pathOf } from "../git-data/render.ts"
import type { View } from "../repositories/render.ts"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId, Schemas } from "../wire/types.ts"

interface BranchPath {
  readonly owner: string
  readonly repo: string
  readonly branch: string
}

const protectionUrl = (view: View, repository: Repository, branch: string): string =>
  `${view.urls.api}/repos/${fullName(view.hub, repository)}/branches/${branch}/protection`

/** What is asked of a branch, in the form of GET. */
const protectionJson = (view: View, repository: Repository, rule: Protection): Schemas["branch-protection"] => {
  const url = protectionUrl(view, repository, rule.branch)
  const { checks, reviews } = rule
  return {
    url,
    ...(checks !== null && {
      required_status_checks: {
        url: `${url}/required_status_checks`,
        strict: rule.strictChecks,
        contexts: [...checks],
        contexts_url: `${url}/required_status_checks/contexts`,
        checks: checks.map((context) => ({ context, app_id: null }))
      }
    }),
    ...(reviews !== null && {
      required_pull_request_reviews: {
        url: `${url}/required_pull_request_reviews`,
        dismiss_stale_reviews: reviews.dismissStale,
        require_code_owner_reviews: reviews.codeOwners,
        required_approving_review_count: reviews.count,
        require_last_push_approval: reviews.lastPush
      }
    }),
    enforce_admins: { url: `${url}/enforce_admins`, enabled: rule.enforceAdmins },
    required_linear_history: { enabled: rule.linearHistory },
    allow_force_pushes: { enabled: rule.allowForcePushes },
    allow_deletions: { enabled: rule.allowDeletions },
    required_conversation_resolution: { enabled: rule.conversationResolution },
    lock_branch: { enabled: rule.lockBranch }
  }
}

/** The same in the form of PUT, where GitHub's description wants it a little otherwise. */
const protectedJson = (view: View, repository: Repository, rule: Protection): Schemas["protected-branch"] => {
  const url = protectionUrl(view, repository, rule.branch)
  const { checks, reviews } = rule
  return {
    url,
    ...(checks !== null && {
      required_status_checks: {
        url: `${url}/required_status_checks`,
        strict: rule.strictChecks,
        contexts: [...checks],
        contexts_url: `${url}/required_status_checks/contexts`,
        checks: checks.map((context) => ({ context, app_id: null }))
      }
    }),
    ...(reviews !== null && {
      required_pull_request_reviews: {
        url: `${url}/required_pull_request_reviews`,
        dismiss_stale_reviews: reviews.dismissStale,
        require_code_owner_reviews: reviews.codeOwners,
        required_approving_review_count: reviews.count,
        require_last_push_approval: reviews.lastPush
      }
    }),
    enforce_admins: { url: `${url}/enforce_admins`, enabled: rule.enforceAdmins },
    required_linear_history: { enabled: rule.linearHistory },
    allow_force_pushes: { enabled: rule.allowForcePushes },
    allow_deletions: { enabled: rule.allowDeletions },
    required_conversation_resolution: { enabled: rule.conversationResolution },
    lock_branch: { enabled: rule.lockBranch }
  }
}

const placeOf = async (call: Call<OperationId>, path: BranchPath): Promise<Repository> => {
  const repository = findRepository(call.hub, call.viewer, path)
  requireAdmin(call.hub, call.viewer, repository)
  if ((await readRef(pathOf(call, repository), `refs/heads/${path.branch}`)) === undefined) {
    throw notFound("Branch not found")
  }
  return repository
}

const ruleOf = (call: Call<OperationId>, repository: Repository, branch: string): Protection => {
  const rule = call.hub.tables.protections.by("branch", `${repository.id} ${branch}`)
  if (rule === undefined) throw notFound("Branch not protected")
  return rule
}

/** Rules that are not enforced yet are refused: one that is kept and not enforced would protect nothing. */
const unenforced = ({ body }: Call<"repos/update-branch-protection">): ReadonlyArray<string> => {
  const reviews = body.required_pull_request_reviews
  const asked: ReadonlyArray<readonly [name: string, isAsked: boolean]> = [
    ["dismiss_stale_reviews", reviews?.dismiss_stale_reviews ?? false],
    ["require_code_owner_reviews", reviews?.require_code_owner_reviews ?? false],
    ["require_last_push_approval", reviews?.require_last_push_approval ?? false],
    ["required_linear_history", body.required_linear_history ?? false],
    ["restrictions.teams", (body.restrictions?.teams.length ?? 0) > 0],
    ["restrictions.apps", (body.restrictions?.apps?.length ?? 0) > 0]
  ]
  return asked.flatMap(([name, isAsked]) => (isAsked ? [name] : []))
}

const fieldsOf = (call: Call<"repos/update-branch-protection">): Omit<Protection, "id" | "repositoryId" | "branch"> => {
  const { body } = call
  const checks = body.required_status_checks
  const reviews = body.required_pull_request_reviews
  const pushers = body.restrictions?.users.map(
    (login) => call.hub.tables.accounts.by("login", login.toLowerCase())?.id ?? -1
  )
  return {
    checks:
      checks === null ? null : [...new Set([...checks.contexts, ...(checks.checks ?? []).map((one) => one.context)])],
    strictChecks: checks?.strict ?? false,
    enforceAdmins: body.enforce_admins ?? false,
    reviews:
      reviews === null
        ? null
        : {
            count: reviews.required_approving_review_count ?? 1,
            dismissStale: reviews.dismiss_stale_reviews ?? false,
            codeOwners: reviews.require_code_owner_reviews ?? false,
            lastPush: reviews.require_last_push_approval ?? false
          },
    pushers: pushers ?? null,
    linearHistory: body.required_linear_history ?? false,
    allowForcePushes: body.allow_force_pushes ?? false,
    allowDeletions: body.allow_deletions ?? false,
    conversationResolution: body.required_conversation_resolution ?? false,
    lockBranch: body.lock_branch ?? false
  }
}

/** Branch protection. */
export const protectionOperations = [
  operation("repos/get-branch-protection", async (call) => {
    const repository = await placeOf(call, call.path)
    return protectionJson(call, repository, ruleOf(call, repository, call.path.branch))
  }),
  operation("repos/update-branch-protection", async (call) => {
    const repository = await placeOf(call, call.path)
    const { branch } = call.path
    const [first] = unenforced(call)
    if (first !== undefined) throw unprocessable(`bleephub does not enforce ${first} yet: leave it out`)
    const fields = fieldsOf(call)
    const rule = await call.hub.change(() => {
      const known = call.hub.tables.protections.by("branch", `${repository.id} ${branch}`)
      if (known !== undefined) return call.hub.tables.protections.update(known.id, fields)
      return call.hub.tables.protections.insert({ ...fields, repositoryId: repository.id, branch })
    })
    return protectedJson(call, repository, rule)
  }),
  operation("repos/delete-branch-protection", async (call) => {
    const repository = await placeOf(call, call.path)
    const rule = ruleOf(call, repository, call.path.branch)
    await call.hub.change(() => call.hub.tables.protections.remove(rule.id))
  })
]
