import type { IssueCommentsArgs, IssueLabelsArgs } from "@octokit/graphql-schema"
import {
  associationOf,
  atLeast,
  fullName,
  milestoneCounts,
  nodeId,
  reactionCounts,
  roleOf
} from "@sockerless/bleephub-core"
import type { GraphQLResolveInfo } from "graphql"
import { connection, type PageArguments } from "../engine/connection.ts"
import type { Context } from "../engine/context.ts"
import type { Resolvers } from "../engine/schema.ts"
import {
  accountNode,
  type CommentNode,
  commentNode,
  type IssueNode,
  type LabelNode,
  labelNode,
  type MilestoneNode,
  milestoneNode,
  repositoryNode
} from "./node.ts"
import { isoTime, isoTimeOrNull } from "./time.ts"

const CONTENT = {
  "+1": "THUMBS_UP",
  "-1": "THUMBS_DOWN",
  laugh: "LAUGH",
  hooray: "HOORAY",
  confused: "CONFUSED",
  heart: "HEART",
  rocket: "ROCKET",
  eyes: "EYES"
} as const

/** Every reaction with how often it was given, as GitHub lists them. */
export const reactionGroups = (subject: string) => (_node: object, _args: object, context: Context) =>
  Object.entries(reactionCounts(context.hub, subject)).map(([content, count]) => ({
    content: Object.entries(CONTENT).find(([name]) => name === content)?.[1],
    users: { totalCount: count },
    reactors: { totalCount: count },
    viewerHasReacted: context.hub.tables.reactions
      .where("subject", subject)
      .some((one) => one.accountId === context.viewer.account?.id && one.content === content)
  }))

const empty = (_node: object, args: PageArguments, _context: Context, info: GraphQLResolveInfo) =>
  connection([], args, info, (one) => one)

const repositoryOf = (context: Context, node: { readonly row: { readonly repositoryId: number } }) =>
  context.hub.tables.repositories.need(node.row.repositoryId)

const pageOf = (context: Context, node: IssueNode): string =>
  `/${fullName(context.hub, repositoryOf(context, node))}/${node.row.isPull ? "pull" : "issues"}/${node.row.number}`

const comments = (node: IssueNode, args: IssueCommentsArgs, context: Context, info: GraphQLResolveInfo) => {
  const rows = context.hub.tables.comments.where("issue", node.row.id)
  const sorted = args.orderBy?.direction === "DESC" ? rows.toReversed() : rows
  return connection(sorted, args, info, commentNode)
}

const labels = (node: IssueNode, args: IssueLabelsArgs, context: Context, info: GraphQLResolveInfo) =>
  connection(
    node.row.labelIds.map((id) => context.hub.tables.labels.need(id)),
    args,
    info,
    labelNode
  )

const viewerCanUpdate = (node: IssueNode, _args: object, context: Context): boolean =>
  node.row.authorId === context.viewer.account?.id ||
  atLeast(roleOf(context.hub, context.viewer, repositoryOf(context, node)), "triage")

/** What issues and pull requests have in common. */
export const conversation = {
  id: (node: IssueNode) => nodeId(node.row.isPull ? "PR" : "I", node.row.id),
  fullDatabaseId: (node: IssueNode) => String(node.row.id),
  databaseId: (node: IssueNode) => node.row.id,
  number: (node: IssueNode) => node.row.number,
  title: (node: IssueNode) => node.row.title,
  titleHTML: (node: IssueNode) => node.row.title,
  body: (node: IssueNode) => node.row.body ?? "",
  bodyText: (node: IssueNode) => node.row.body ?? "",
  closed: (node: IssueNode) => node.row.state === "closed",
  closedAt: (node: IssueNode) => isoTimeOrNull(node.row.closedAt),
  createdAt: (node: IssueNode) => isoTime(node.row.createdAt),
  updatedAt: (node: IssueNode) => isoTime(node.row.updatedAt),
  url: (node: IssueNode, _args: object, context: Context) => `${context.urls.html}${pageOf(context, node)}`,
  resourcePath: (node: IssueNode, _args: object, context: Context) => pageOf(context, node),
  author: (node: IssueNode, _args: object, context: Context) =>
    accountNode(context.hub.tables.accounts.need(node.row.authorId)),
  authorAssociation: (node: IssueNode, _args: object, context: Context) =>
    associationOf(context.hub, context.hub.tables.accounts.need(node.row.authorId), repositoryOf(context, node)),
  assignees: (node: IssueNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) =>
    connection(
      node.row.assigneeIds.map((id) => context.hub.tables.accounts.need(id)),
      args,
      info,
      accountNode
    ),
  labels,
  milestone: (node: IssueNode, _args: object, context: Context) =>
    node.row.milestoneId === null ? null : milestoneNode(context.hub.tables.milestones.need(node.row.milestoneId)),
  comments,
  locked: (node: IssueNode) => node.row.locked,
  activeLockReason: (node: IssueNode) => node.row.lockReason?.toUpperCase().replace("-", "_") ?? null,
  reactionGroups: (node: IssueNode, args: object, context: Context) =>
    reactionGroups(`issue ${node.row.id}`)(node, args, context),
  repository: (node: IssueNode, _args: object, context: Context) => repositoryNode(repositoryOf(context, node)),
  viewerDidAuthor: (node: IssueNode, _args: object, context: Context) =>
    node.row.authorId === context.viewer.account?.id,
  viewerCanUpdate,
  viewerCanClose: viewerCanUpdate,
  viewerCanReopen: viewerCanUpdate,
  viewerCanReact: () => true,
  includesCreatedEdit: () => false,
  projectCards: empty,
  projectItems: empty,
  projectsV2: empty
}

/** Issues, comments, labels and milestones. */
export const issueResolvers: Resolvers = {
  Issue: {
    ...conversation,
    state: (node: IssueNode) => node.row.state.toUpperCase(),
    stateReason: (node: IssueNode) => node.row.stateReason?.toUpperCase() ?? null,
    isPinned: (node: IssueNode) => node.row.pinned,
    linkedBranches: empty,
    subIssues: empty,
    closedByPullRequestsReferences: empty
  },
  IssueComment: {
    id: (node: CommentNode) => nodeId("IC", node.row.id),
    databaseId: (node: CommentNode) => node.row.id,
    fullDatabaseId: (node: CommentNode) => String(node.row.id),
    author: (node: CommentNode, _args: object, context: Context) =>
      accountNode(context.hub.tables.accounts.need(node.row.authorId)),
    authorAssociation: (node: CommentNode, _args: object, context: Context) =>
      associationOf(context.hub, context.hub.tables.accounts.need(node.row.authorId), repositoryOf(context, node)),
    body: (node: CommentNode) => node.row.body,
    bodyText: (node: CommentNode) => node.row.body,
    createdAt: (node: CommentNode) => isoTime(node.row.createdAt),
    updatedAt: (node: CommentNode) => isoTime(node.row.updatedAt),
    publishedAt: (node: CommentNode) => isoTime(node.row.createdAt),
    includesCreatedEdit: (node: CommentNode) => node.row.updatedAt > node.row.createdAt,
    isMinimized: () => false,
    minimizedReason: () => null,
    reactionGroups: (node: CommentNode, args: object, context: Context) =>
      reactionGroups(`comment ${node.row.id}`)(node, args, context),
    url: (node: CommentNode, _args: object, context: Context) => {
      const issue = context.hub.tables.issues.need(node.row.issueId)
      const page = pageOf(context, { type: issue.isPull ? "PullRequest" : "Issue", row: issue })
      return `${context.urls.html}${page}#issuecomment-${node.row.id}`
    },
    issue: (node: CommentNode, _args: object, context: Context) => ({
      type: "Issue",
      row: context.hub.tables.issues.need(node.row.issueId)
    }),
    repository: (node: CommentNode, _args: object, context: Context) => repositoryNode(repositoryOf(context, node)),
    viewerDidAuthor: (node: CommentNode, _args: object, context: Context) =>
      node.row.authorId === context.viewer.account?.id
  },
  Label: {
    id: (node: LabelNode) => nodeId("LA", node.row.id),
    name: (node: LabelNode) => node.row.name,
    color: (node: LabelNode) => node.row.color,
    description: (node: LabelNode) => node.row.description,
    isDefault: (node: LabelNode) => node.row.isDefault,
    createdAt: (node: LabelNode) => isoTime(node.row.createdAt),
    updatedAt: (node: LabelNode) => isoTime(node.row.updatedAt),
    repository: (node: LabelNode, _args: object, context: Context) => repositoryNode(repositoryOf(context, node)),
    url: (node: LabelNode, _args: object, context: Context) =>
      `${context.urls.html}/${fullName(context.hub, repositoryOf(context, node))}/labels/${encodeURIComponent(node.row.name)}`
  },
  Milestone: {
    id: (node: MilestoneNode) => nodeId("MI", node.row.id),
    number: (node: MilestoneNode) => node.row.number,
    title: (node: MilestoneNode) => node.row.title,
    description: (node: MilestoneNode) => node.row.description,
    state: (node: MilestoneNode) => node.row.state.toUpperCase(),
    dueOn: (node: MilestoneNode) => isoTimeOrNull(node.row.dueOn),
    closed: (node: MilestoneNode) => node.row.state === "closed",
    closedAt: (node: MilestoneNode) => isoTimeOrNull(node.row.closedAt),
    createdAt: (node: MilestoneNode) => isoTime(node.row.createdAt),
    updatedAt: (node: MilestoneNode) => isoTime(node.row.updatedAt),
    repository: (node: MilestoneNode, _args: object, context: Context) => repositoryNode(repositoryOf(context, node)),
    url: (node: MilestoneNode, _args: object, context: Context) =>
      `${context.urls.html}/${fullName(context.hub, repositoryOf(context, node))}/milestone/${node.row.number}`,
    progressPercentage: (node: MilestoneNode, _args: object, context: Context) => {
      const { open, closed } = milestoneCounts(context.hub, node.row)
      return open + closed === 0 ? 0 : (closed / (open + closed)) * 100
    }
  }
}
