import type { PullRequestCommitsArgs, PullRequestFilesArgs } from "@octokit/graphql-schema"
import {
  associationOf,
  atLeast,
  closingIssues,
  fullName,
  latestVerdicts,
  mergeStateOf,
  mergeText,
  nodeId,
  type Pull,
  pullOf,
  type Review,
  type ReviewComment,
  reviewDecision,
  reviewsOf,
  roleOf,
  type Team
} from "@sockerless/bleephub-core"
import { changedFiles, commitsBetween, mergeBase, readRef, repositoryPath } from "@sockerless/bleephub-git"
import type { GraphQLResolveInfo } from "graphql"
import { connection, type PageArguments } from "../engine/connection.ts"
import type { Context } from "../engine/context.ts"
import type { Resolvers } from "../engine/schema.ts"
import { commitNode, rollupOf } from "./commits.ts"
import { conversation, reactionGroups } from "./issues.ts"
import { accountNode, type IssueNode, issueNode, type Node, repositoryNode } from "./node.ts"
import { isoTime, isoTimeOrNull } from "./time.ts"

type ReviewNode = Node<"PullRequestReview", Review>
type ReviewCommentNode = Node<"PullRequestReviewComment", ReviewComment>
type TeamNode = Node<"Team", Team>

const reviewNode = (row: Review): ReviewNode => ({ type: "PullRequestReview", row })

const pull = (node: IssueNode, context: Context): Pull => pullOf(context.hub, node.row)

const repositoryOf = (context: Context, row: { readonly repositoryId: number }) =>
  context.hub.tables.repositories.need(row.repositoryId)

const gitPath = (context: Context, row: { readonly repositoryId: number }): string =>
  repositoryPath(context.hub.repositoriesFolder, row.repositoryId)

const ancestorOf = async (context: Context, row: Pull): Promise<string> =>
  (await mergeBase(gitPath(context, row), row.baseSha, row.headSha)) ?? row.baseSha

const files = async (node: IssueNode, context: Context) => {
  const row = pull(node, context)
  return changedFiles(gitPath(context, row), await ancestorOf(context, row), row.headSha)
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, one) => total + one, 0)

const CHANGE = {
  added: "ADDED",
  removed: "DELETED",
  modified: "MODIFIED",
  renamed: "RENAMED",
  copied: "COPIED",
  changed: "CHANGED"
} as const

const commits = async (node: IssueNode, args: PullRequestCommitsArgs, context: Context, info: GraphQLResolveInfo) => {
  const row = pull(node, context)
  const repository = repositoryOf(context, row)
  const list = await commitsBetween(gitPath(context, row), row.baseSha, row.headSha)
  return connection(
    list.map((commit) => ({ id: commit.sha, commit })),
    args,
    info,
    ({ commit }) => ({ id: nodeId("C", row.id), commit: commitNode(repository, commit.sha, commit) })
  )
}

const reviewRequests = (node: IssueNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) => {
  const row = pull(node, context)
  const asked = [
    ...row.reviewerIds.map((id) => ({ id: `user ${id}`, node: accountNode(context.hub.tables.accounts.need(id)) })),
    ...row.reviewTeamIds.map((id) => ({
      id: `team ${id}`,
      node: { type: "Team" as const, row: context.hub.tables.teams.need(id) }
    }))
  ]
  return connection<(typeof asked)[number]>(asked, args, info, (one) => ({
    id: one.id,
    asCodeOwner: false,
    requestedReviewer: one.node
  }))
}

const branchRef = async (context: Context, row: Pull, branch: string) => {
  const ref = await readRef(gitPath(context, row), `refs/heads/${branch}`)
  if (ref === undefined) return null
  const repository = repositoryOf(context, row)
  return {
    type: "Ref",
    id: nodeId("REF", repository.id),
    name: branch,
    prefix: "refs/heads/",
    target: commitNode(repository, ref.sha),
    repository: repositoryNode(repository),
    branchProtectionRule: null
  }
}

const mergeState = async (node: IssueNode, context: Context): Promise<string> =>
  node.row.state === "closed" ? "UNKNOWN" : (await mergeStateOf(context.hub, pull(node, context))).state.toUpperCase()

const mergeable = async (node: IssueNode, _args: object, context: Context): Promise<string> => {
  if (node.row.state === "closed") return "UNKNOWN"
  const state = await mergeStateOf(context.hub, pull(node, context))
  return state.mergeable ? "MERGEABLE" : state.state === "unknown" ? "UNKNOWN" : "CONFLICTING"
}

const METHOD = { MERGE: "merge", SQUASH: "squash", REBASE: "rebase" } as const

interface MergeTextArguments {
  readonly mergeType?: keyof typeof METHOD | null
}

const sides = {
  headRefName: (node: IssueNode, _args: object, context: Context) => pull(node, context).headRef,
  headRefOid: (node: IssueNode, _args: object, context: Context) => pull(node, context).headSha,
  baseRefName: (node: IssueNode, _args: object, context: Context) => pull(node, context).baseRef,
  baseRefOid: (node: IssueNode, _args: object, context: Context) => pull(node, context).baseSha,
  baseRef: (node: IssueNode, _args: object, context: Context) => {
    const row = pull(node, context)
    return branchRef(context, row, row.baseRef)
  },
  headRef: (node: IssueNode, _args: object, context: Context) => {
    const row = pull(node, context)
    if (row.headRepositoryId === null) return null
    return branchRef(context, { ...row, repositoryId: row.headRepositoryId }, row.headRef)
  },
  headRepository: (node: IssueNode, _args: object, context: Context) => {
    const id = pull(node, context).headRepositoryId
    const row = id === null ? undefined : context.hub.tables.repositories.get(id)
    return row === undefined ? null : repositoryNode(row)
  },
  headRepositoryOwner: (node: IssueNode, _args: object, context: Context) => {
    const id = pull(node, context).headRepositoryId
    const row = id === null ? undefined : context.hub.tables.repositories.get(id)
    return row === undefined ? null : accountNode(context.hub.tables.accounts.need(row.ownerId))
  },
  baseRepository: (node: IssueNode, _args: object, context: Context) => repositoryNode(repositoryOf(context, node.row)),
  isCrossRepository: (node: IssueNode, _args: object, context: Context) =>
    pull(node, context).headRepositoryId !== node.row.repositoryId,
  maintainerCanModify: (node: IssueNode, _args: object, context: Context) => pull(node, context).maintainerCanModify
}

const merging = {
  merged: (node: IssueNode, _args: object, context: Context) => pull(node, context).mergedAt !== null,
  mergedAt: (node: IssueNode, _args: object, context: Context) => isoTimeOrNull(pull(node, context).mergedAt),
  mergedBy: (node: IssueNode, _args: object, context: Context) => {
    const id = pull(node, context).mergedById
    return id === null ? null : accountNode(context.hub.tables.accounts.need(id))
  },
  mergeCommit: (node: IssueNode, _args: object, context: Context) => {
    const sha = pull(node, context).mergeSha
    return sha === null ? null : commitNode(repositoryOf(context, node.row), sha)
  },
  potentialMergeCommit: () => null,
  mergeable,
  mergeStateStatus: (node: IssueNode, _args: object, context: Context) => mergeState(node, context),
  canBeRebased: async (node: IssueNode, args: object, context: Context) =>
    (await mergeable(node, args, context)) === "MERGEABLE",
  isInMergeQueue: () => false,
  isMergeQueueEnabled: () => false,
  mergeQueueEntry: () => null,
  autoMergeRequest: (node: IssueNode, _args: object, context: Context) => {
    const { autoMerge } = pull(node, context)
    if (autoMerge === null) return null
    return {
      authorEmail: null,
      commitBody: autoMerge.message,
      commitHeadline: autoMerge.title,
      mergeMethod: autoMerge.method.toUpperCase(),
      enabledAt: isoTime(autoMerge.enabledAt),
      enabledBy: accountNode(context.hub.tables.accounts.need(autoMerge.enabledById))
    }
  },
  viewerMergeHeadlineText: async (node: IssueNode, args: MergeTextArguments, context: Context) =>
    (await mergeText(context.hub, { pull: pull(node, context), issue: node.row }, METHOD[args.mergeType ?? "MERGE"]))
      .title,
  viewerMergeBodyText: async (node: IssueNode, args: MergeTextArguments, context: Context) =>
    (await mergeText(context.hub, { pull: pull(node, context), issue: node.row }, METHOD[args.mergeType ?? "MERGE"]))
      .message,
  viewerCanMergeAsAdmin: (node: IssueNode, _args: object, context: Context) =>
    roleOf(context.hub, context.viewer, repositoryOf(context, node.row)) === "admin",
  viewerCanEnableAutoMerge: (node: IssueNode, _args: object, context: Context) =>
    atLeast(roleOf(context.hub, context.viewer, repositoryOf(context, node.row)), "write")
}

const reviewing = {
  reviewDecision: (node: IssueNode, _args: object, context: Context) =>
    reviewDecision(context.hub, pull(node, context)),
  reviews: (node: IssueNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) =>
    connection(reviewsOf(context.hub, context.viewer, pull(node, context)), args, info, reviewNode),
  latestReviews: (node: IssueNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) => {
    const latest = new Map(
      reviewsOf(context.hub, context.viewer, pull(node, context)).map((review) => [review.authorId, review])
    )
    return connection([...latest.values()], args, info, reviewNode)
  },
  latestOpinionatedReviews: (node: IssueNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) =>
    connection(latestVerdicts(context.hub, pull(node, context)), args, info, reviewNode),
  reviewRequests,
  reviewThreads: (node: IssueNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) => {
    const comments = context.hub.tables.reviewComments.where("pull", pull(node, context).id)
    return connection(
      comments.filter((one) => one.replyToId === null),
      args,
      info,
      (first) => ({
        type: "PullRequestReviewThread",
        id: nodeId("PRRT", first.id),
        isResolved: first.resolved,
        isOutdated: false,
        path: first.path,
        line: first.line,
        comments: (inner: PageArguments, _context: Context, innerInfo: GraphQLResolveInfo) =>
          connection(
            comments.filter((one) => one.id === first.id || one.replyToId === first.id),
            inner,
            innerInfo,
            (row) => ({ type: "PullRequestReviewComment", row })
          )
      })
    )
  }
}

/** Pull requests and reviews. */
export const pullResolvers: Resolvers = {
  PullRequest: {
    ...conversation,
    ...sides,
    ...merging,
    ...reviewing,
    state: (node: IssueNode, _args: object, context: Context) =>
      pull(node, context).mergedAt === null ? node.row.state.toUpperCase() : "MERGED",
    isDraft: (node: IssueNode, _args: object, context: Context) => pull(node, context).draft,
    additions: async (node: IssueNode, _args: object, context: Context) =>
      sum((await files(node, context)).map((file) => file.additions)),
    deletions: async (node: IssueNode, _args: object, context: Context) =>
      sum((await files(node, context)).map((file) => file.deletions)),
    changedFiles: async (node: IssueNode, _args: object, context: Context) => (await files(node, context)).length,
    files: async (node: IssueNode, args: PullRequestFilesArgs, context: Context, info: GraphQLResolveInfo) =>
      connection(
        (await files(node, context)).map((file) => ({ ...file, id: file.path })),
        args,
        info,
        (file) => ({
          path: file.path,
          additions: file.additions,
          deletions: file.deletions,
          changeType: CHANGE[file.status]
        })
      ),
    commits,
    statusCheckRollup: (node: IssueNode, _args: object, context: Context) =>
      rollupOf(commitNode(repositoryOf(context, node.row), pull(node, context).headSha), context),
    closingIssuesReferences: (node: IssueNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) =>
      connection(closingIssues(context.hub, repositoryOf(context, node.row), node.row.body), args, info, issueNode),
    permalink: (node: IssueNode, _args: object, context: Context) =>
      `${context.urls.html}/${fullName(context.hub, repositoryOf(context, node.row))}/pull/${node.row.number}`
  },
  PullRequestReview: {
    id: (node: ReviewNode) => nodeId("PRR", node.row.id),
    databaseId: (node: ReviewNode) => node.row.id,
    author: (node: ReviewNode, _args: object, context: Context) =>
      accountNode(context.hub.tables.accounts.need(node.row.authorId)),
    authorAssociation: (node: ReviewNode, _args: object, context: Context) =>
      associationOf(context.hub, context.hub.tables.accounts.need(node.row.authorId), repositoryOf(context, node.row)),
    body: (node: ReviewNode) => node.row.body,
    state: (node: ReviewNode) => node.row.state,
    submittedAt: (node: ReviewNode) => isoTimeOrNull(node.row.submittedAt),
    createdAt: (node: ReviewNode) => isoTime(node.row.createdAt),
    commit: (node: ReviewNode, _args: object, context: Context) =>
      commitNode(repositoryOf(context, node.row), node.row.commitSha),
    includesCreatedEdit: () => false,
    reactionGroups: (node: ReviewNode, args: object, context: Context) =>
      reactionGroups(`review ${node.row.id}`)(node, args, context),
    url: (node: ReviewNode, _args: object, context: Context) => {
      const { number } = context.hub.tables.pulls.need(node.row.pullId)
      const name = fullName(context.hub, repositoryOf(context, node.row))
      return `${context.urls.html}/${name}/pull/${number}#pullrequestreview-${node.row.id}`
    },
    comments: (node: ReviewNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) =>
      connection(context.hub.tables.reviewComments.where("review", node.row.id), args, info, (row) => ({
        type: "PullRequestReviewComment",
        row
      }))
  },
  PullRequestReviewComment: {
    id: (node: ReviewCommentNode) => nodeId("PRRC", node.row.id),
    databaseId: (node: ReviewCommentNode) => node.row.id,
    body: (node: ReviewCommentNode) => node.row.body,
    path: (node: ReviewCommentNode) => node.row.path,
    line: (node: ReviewCommentNode) => node.row.line,
    diffHunk: (node: ReviewCommentNode) => node.row.diffHunk,
    author: (node: ReviewCommentNode, _args: object, context: Context) =>
      accountNode(context.hub.tables.accounts.need(node.row.authorId)),
    createdAt: (node: ReviewCommentNode) => isoTime(node.row.createdAt),
    updatedAt: (node: ReviewCommentNode) => isoTime(node.row.updatedAt)
  },
  Team: {
    id: (node: TeamNode) => nodeId("T", node.row.id),
    databaseId: (node: TeamNode) => node.row.id,
    name: (node: TeamNode) => node.row.name,
    slug: (node: TeamNode) => node.row.slug,
    description: (node: TeamNode) => node.row.description,
    organization: (node: TeamNode, _args: object, context: Context) =>
      accountNode(context.hub.tables.accounts.need(node.row.organizationId)),
    combinedSlug: (node: TeamNode, _args: object, context: Context) =>
      `${context.hub.tables.accounts.need(node.row.organizationId).login}/${node.row.slug}`
  }
}
