import {
  createPull,
  findPull,
  findRepository,
  invalid,
  mergePull,
  notFound,
  type PullRequest,
  type Repository,
  repositoryNamed,
  requireReader,
  requireTriage,
  resolveReviewers,
  setReviewers,
  updateBranch,
  updatePull
} from "@sockerless/bleephub-core"
import { changedFiles, commitsBetween, diffText, mergeBase, patchText } from "@sockerless/bleephub-git"
import { simpleUser } from "../accounts/render.ts"
import { textAnswer } from "../git-data/commit-operations.ts"
import { commitJson, fileJson, pathOf } from "../git-data/render.ts"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { fullPull, pullJson, teamSimple } from "./render.ts"

const listed = (call: Call<"pulls/list">, repository: Repository): ReadonlyArray<PullRequest> => {
  const { state = "open", head, base, sort = "created", direction } = call.query
  const { issues, comments } = call.hub.tables
  const [headOwner = "", headRef] = head?.split(":") ?? []
  const matchesHead = ({ pull }: PullRequest): boolean => {
    if (head === undefined || headRef === undefined) return true
    const from = pull.headRepositoryId === null ? undefined : call.hub.tables.repositories.get(pull.headRepositoryId)
    const owner = from === undefined ? undefined : call.hub.tables.accounts.need(from.ownerId)
    return owner?.login.toLowerCase() === headOwner.toLowerCase() && pull.headRef === headRef
  }
  const rank = ({ issue }: PullRequest): number =>
    sort === "updated" ? issue.updatedAt : sort === "popularity" ? comments.count("issue", issue.id) : issue.createdAt
  const sign = (direction ?? (sort === "created" ? "desc" : "asc")) === "asc" ? 1 : -1
  return call.hub.tables.pulls
    .where("repository", repository.id)
    .map((pull) => ({ pull, issue: issues.need(pull.issueId) }))
    .filter(({ issue }) => state === "all" || issue.state === state)
    .filter(({ pull }) => base === undefined || pull.baseRef === base)
    .filter(matchesHead)
    .toSorted((a, b) => sign * (rank(a) - rank(b) || a.pull.id - b.pull.id))
}

/** The pull request of the path with its repository. */
export const requestOf = (
  call: Call<OperationId>,
  path: { readonly owner: string; readonly repo: string; readonly pull_number: number }
): { readonly repository: Repository; readonly request: PullRequest } => {
  const repository = findRepository(call.hub, call.viewer, path)
  return { repository, request: findPull(call.hub, repository, path.pull_number) }
}

const ancestorOf = async (call: Call<OperationId>, repository: Repository, { pull }: PullRequest): Promise<string> =>
  (await mergeBase(pathOf(call, repository), pull.baseSha, pull.headSha)) ?? pull.baseSha

const newPull = (call: Call<"pulls/create">, title: string) => {
  const { body, head_repo: headRepo, head } = call.body
  const [owner = call.path.owner, name] = headRepo?.includes("/") === true ? headRepo.split("/") : [undefined, headRepo]
  const headOwner = head.includes(":") ? head.split(":")[0] : owner
  const headRepository = name === undefined ? undefined : repositoryNamed(call.hub, headOwner ?? owner, name)
  return {
    title,
    body: body ?? null,
    head,
    headRepository,
    base: call.body.base,
    draft: call.body.draft ?? false,
    ...(call.body.maintainer_can_modify !== undefined && { maintainerCanModify: call.body.maintainer_can_modify })
  }
}

/** Pull requests: open, read, list, change, merge, ask for reviews. */
export const pullOperations = [
  operation("pulls/list", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    return call.page(listed(call, repository), (request) => pullJson(call, request))
  }),
  operation("pulls/get", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const path = pathOf(call, repository)
    if (call.accepts("diff")) {
      return textAnswer(await diffText(path, await ancestorOf(call, repository, request), request.pull.headSha), "diff")
    }
    if (call.accepts("patch")) {
      return textAnswer(
        await patchText(path, await ancestorOf(call, repository, request), request.pull.headSha),
        "patch"
      )
    }
    return fullPull(call, request)
  }),
  operation("pulls/create", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const { title, issue: number } = call.body
    const issue = number === undefined ? undefined : call.hub.tables.issues.by("number", `${repository.id}/${number}`)
    const text = title ?? issue?.title
    if (text === undefined) throw invalid({ resource: "PullRequest", field: "title", code: "missing_field" })
    const request = await createPull(call.hub, call.viewer, repository, newPull(call, text))
    const json = await fullPull(call, request)
    call.answerHeaders["location"] = json.url
    return json
  }),
  operation("pulls/update", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const { title, body, state, base, maintainer_can_modify: maintainerCanModify } = call.body ?? {}
    const change = { title, body, state, base, maintainerCanModify }
    return fullPull(call, await updatePull(call.hub, call.viewer, repository, request, change))
  }),
  operation("pulls/list-commits", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const commits = await commitsBetween(pathOf(call, repository), request.pull.baseSha, request.pull.headSha)
    return call.page(commits.slice(0, 250), (commit) => commitJson(call, repository, commit))
  }),
  operation("pulls/list-files", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const sha = request.pull.headSha
    const files = await changedFiles(pathOf(call, repository), await ancestorOf(call, repository, request), sha)
    return call.page(files.slice(0, 3000), (file) => fileJson(call, repository, file, sha))
  }),
  operation("pulls/check-if-merged", (call) => {
    if (requestOf(call, call.path).request.pull.mergedAt === null) throw notFound()
  }),
  operation("pulls/merge", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const { merge_method: method = "merge", commit_title: title, commit_message: message, sha } = call.body ?? {}
    const merged = await mergePull(call.hub, call.viewer, repository, request.pull.number, {
      method,
      title,
      message,
      sha
    })
    return { sha: merged, merged: true, message: "Pull Request successfully merged" }
  }),
  operation("pulls/update-branch", async (call) => {
    const { request } = requestOf(call, call.path)
    requireReader(call.hub, call.viewer, call.hub.tables.repositories.need(request.pull.repositoryId))
    await updateBranch(call.hub, call.viewer, request.pull, call.body?.expected_head_sha)
    return { message: "Updating pull request branch.", url: pullJson(call, request).html_url }
  }),
  operation("pulls/list-requested-reviewers", (call) => {
    const { pull } = requestOf(call, call.path).request
    return {
      users: pull.reviewerIds.map((id) => simpleUser(call.urls, call.hub.tables.accounts.need(id))),
      teams: pull.reviewTeamIds.map((id) => ({ ...teamSimple(call, call.hub.tables.teams.need(id)), parent: null }))
    }
  }),
  operation("pulls/request-reviewers", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const actor = requireTriage(call.hub, call.viewer, repository)
    const { reviewers = [], team_reviewers: teams = [] } = call.body ?? {}
    const asked = resolveReviewers(call.hub, request, reviewers, teams)
    const pull = await call.hub.change(() =>
      setReviewers(call.hub, actor, request, {
        reviewerIds: [...request.pull.reviewerIds, ...asked.reviewerIds],
        teamIds: [...request.pull.reviewTeamIds, ...asked.teamIds]
      })
    )
    return pullJson(call, { ...request, pull })
  }),
  operation("pulls/remove-requested-reviewers", async (call) => {
    const { repository, request } = requestOf(call, call.path)
    const actor = requireTriage(call.hub, call.viewer, repository)
    const asked = resolveReviewers(call.hub, request, call.body.reviewers, call.body.team_reviewers ?? [])
    const pull = await call.hub.change(() =>
      setReviewers(call.hub, actor, request, {
        reviewerIds: request.pull.reviewerIds.filter((id) => !asked.reviewerIds.includes(id)),
        teamIds: request.pull.reviewTeamIds.filter((id) => !asked.teamIds.includes(id))
      })
    )
    return pullJson(call, { ...request, pull })
  })
]
