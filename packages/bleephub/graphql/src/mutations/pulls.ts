import type {
  AddPullRequestReviewInput,
  CreatePullRequestInput,
  EnablePullRequestAutoMergeInput,
  MergePullRequestInput,
  RequestReviewsInput,
  UpdatePullRequestInput
} from "@octokit/graphql-schema"
import {
  createPull,
  createReview,
  enableAutoMerge,
  disableAutoMerge,
  findReview,
  type MergeRequest,
  mergePull,
  type PullChange,
  type PullRequest,
  pullOf,
  requireAccount,
  requireTriage,
  setDraft,
  setReviewers,
  submitReview,
  updateBranch,
  updatePull,
  type Verdict
} from "@sockerless/bleephub-core"
import type { Context } from "../engine/context.ts"
import { problem } from "../engine/problem.ts"
import type { Resolvers } from "../engine/schema.ts"
import { issueNode, rowOf } from "../nodes/node.ts"
import { accountLogins, labelNames, milestoneNumber } from "./names.ts"

const requestOf = (context: Context, id: string): PullRequest => {
  const issue = rowOf(context, id, ["PR"], (row) => context.hub.tables.issues.get(row))
  return { pull: pullOf(context.hub, issue), issue }
}

const repositoryOf = (context: Context, { pull }: PullRequest) =>
  context.hub.tables.repositories.need(pull.repositoryId)

/** The pull request as it is now. */
const shown = (context: Context, { issue }: PullRequest) => ({
  pullRequest: issueNode(context.hub.tables.issues.need(issue.id))
})

const METHOD = { MERGE: "merge", SQUASH: "squash", REBASE: "rebase" } as const

const VERDICT: Readonly<Record<string, Verdict>> = {
  APPROVE: "APPROVE",
  REQUEST_CHANGES: "REQUEST_CHANGES",
  COMMENT: "COMMENT"
}

const changeOf = (context: Context, input: UpdatePullRequestInput): PullChange => ({
  title: input.title ?? undefined,
  body: input.body ?? undefined,
  base: input.baseRefName ?? undefined,
  state: input.state === "OPEN" ? "open" : input.state === "CLOSED" ? "closed" : undefined,
  maintainerCanModify: input.maintainerCanModify ?? undefined,
  labels: input.labelIds ? labelNames(context, input.labelIds) : undefined,
  assignees: input.assigneeIds ? accountLogins(context, input.assigneeIds) : undefined,
  milestone:
    input.milestoneId === undefined
      ? undefined
      : input.milestoneId === null
        ? null
        : milestoneNumber(context, input.milestoneId)
})

const change = async (context: Context, id: string, what: PullChange) => {
  const request = requestOf(context, id)
  await updatePull(context.hub, context.viewer, repositoryOf(context, request), request, what)
  return shown(context, request)
}

const merge = async (context: Context, input: MergePullRequestInput) => {
  const request = requestOf(context, input.pullRequestId)
  const asked: MergeRequest = {
    method: METHOD[input.mergeMethod ?? "MERGE"],
    title: input.commitHeadline ?? undefined,
    message: input.commitBody ?? undefined,
    sha: input.expectedHeadOid ? String(input.expectedHeadOid) : undefined
  }
  await mergePull(context.hub, context.viewer, repositoryOf(context, request), request.pull.number, asked)
  return shown(context, request)
}

const requestReviews = async (context: Context, input: RequestReviewsInput) => {
  const request = requestOf(context, input.pullRequestId)
  const actor = requireTriage(context.hub, context.viewer, repositoryOf(context, request))
  const users = (input.userIds ?? []).map(
    (id) => rowOf(context, id, ["U", "BOT"], (row) => context.hub.tables.accounts.get(row)).id
  )
  const teams = (input.teamIds ?? []).map(
    (id) => rowOf(context, id, ["T"], (row) => context.hub.tables.teams.get(row)).id
  )
  const keep = input.union === true
  await context.hub.change(() =>
    setReviewers(context.hub, actor, request, {
      reviewerIds: keep ? [...request.pull.reviewerIds, ...users] : users,
      teamIds: keep ? [...request.pull.reviewTeamIds, ...teams] : teams
    })
  )
  return shown(context, request)
}

const addReview = async (context: Context, input: AddPullRequestReviewInput) => {
  const request = requestOf(context, input.pullRequestId)
  const verdict = input.event ? VERDICT[input.event] : undefined
  if (input.event === "DISMISS") throw problem("UNPROCESSABLE", "A review is not dismissed by adding one")
  const row = await context.hub.change(() =>
    createReview(context.hub, context.viewer, repositoryOf(context, request), request, {
      verdict,
      body: input.body ?? "",
      commitSha: input.commitOID ? String(input.commitOID) : undefined,
      comments: []
    })
  )
  return { pullRequestReview: { type: "PullRequestReview", row } }
}

const autoMerge = async (context: Context, input: EnablePullRequestAutoMergeInput) => {
  const request = requestOf(context, input.pullRequestId)
  await enableAutoMerge(context.hub, context.viewer, request, {
    method: METHOD[input.mergeMethod ?? "MERGE"],
    title: input.commitHeadline ?? null,
    message: input.commitBody ?? null
  })
  return shown(context, request)
}

interface OfPull {
  readonly input: { readonly pullRequestId: string }
}

const draft = async (context: Context, id: string, isDraft: boolean) => {
  const request = requestOf(context, id)
  await context.hub.change(() =>
    setDraft(context.hub, context.viewer, repositoryOf(context, request), request, isDraft)
  )
  return shown(context, request)
}

/** Opening, changing, reviewing and merging pull requests. */
export const pullMutations: Resolvers = {
  Mutation: {
    createPullRequest: async (
      _root: object,
      { input }: { readonly input: CreatePullRequestInput },
      context: Context
    ) => {
      const repository = rowOf(context, input.repositoryId, ["R"], (id) => context.hub.tables.repositories.get(id))
      const headRepository = input.headRepositoryId
        ? rowOf(context, input.headRepositoryId, ["R"], (id) => context.hub.tables.repositories.get(id))
        : undefined
      const request = await createPull(context.hub, context.viewer, repository, {
        title: input.title,
        body: input.body ?? null,
        head: input.headRefName,
        headRepository,
        base: input.baseRefName,
        draft: input.draft ?? false,
        ...(typeof input.maintainerCanModify === "boolean" && { maintainerCanModify: input.maintainerCanModify })
      })
      return shown(context, request)
    },
    updatePullRequest: (_root: object, { input }: { readonly input: UpdatePullRequestInput }, context: Context) =>
      change(context, input.pullRequestId, changeOf(context, input)),
    closePullRequest: (_root: object, { input }: OfPull, context: Context) =>
      change(context, input.pullRequestId, { state: "closed" }),
    reopenPullRequest: (_root: object, { input }: OfPull, context: Context) =>
      change(context, input.pullRequestId, { state: "open" }),
    mergePullRequest: (_root: object, { input }: { readonly input: MergePullRequestInput }, context: Context) =>
      merge(context, input),
    convertPullRequestToDraft: (_root: object, { input }: OfPull, context: Context) =>
      draft(context, input.pullRequestId, true),
    markPullRequestReadyForReview: (_root: object, { input }: OfPull, context: Context) =>
      draft(context, input.pullRequestId, false),
    updatePullRequestBranch: async (
      _root: object,
      { input }: { readonly input: { readonly pullRequestId: string; readonly expectedHeadOid?: string | null } },
      context: Context
    ) => {
      const request = requestOf(context, input.pullRequestId)
      await updateBranch(context.hub, context.viewer, request.pull, input.expectedHeadOid ?? undefined)
      return shown(context, request)
    },
    requestReviews: (_root: object, { input }: { readonly input: RequestReviewsInput }, context: Context) =>
      requestReviews(context, input),
    addPullRequestReview: (_root: object, { input }: { readonly input: AddPullRequestReviewInput }, context: Context) =>
      addReview(context, input),
    submitPullRequestReview: async (
      _root: object,
      {
        input
      }: {
        readonly input: { readonly pullRequestReviewId: string; readonly event: string; readonly body?: string | null }
      },
      context: Context
    ) => {
      const review = rowOf(context, input.pullRequestReviewId, ["PRR"], (id) => context.hub.tables.reviews.get(id))
      const pull = context.hub.tables.pulls.need(review.pullId)
      const request = { pull, issue: context.hub.tables.issues.need(pull.issueId) }
      const verdict = VERDICT[input.event]
      if (verdict === undefined) throw problem("UNPROCESSABLE", `A review is not submitted as ${input.event}`)
      const actor = requireAccount(context.viewer)
      const own = findReview(context.hub, context.viewer, pull, review.id)
      const row = await context.hub.change(() =>
        submitReview(context.hub, actor, request, own, { verdict, body: input.body ?? undefined })
      )
      return { pullRequestReview: { type: "PullRequestReview", row } }
    },
    enablePullRequestAutoMerge: (
      _root: object,
      { input }: { readonly input: EnablePullRequestAutoMergeInput },
      context: Context
    ) => autoMerge(context, input),
    disablePullRequestAutoMerge: async (_root: object, { input }: OfPull, context: Context) => {
      const request = requestOf(context, input.pullRequestId)
      await disableAutoMerge(context.hub, context.viewer, request)
      return shown(context, request)
    }
  }
}
