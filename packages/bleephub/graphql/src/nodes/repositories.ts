import type {
  RepositoryIssuesArgs,
  RepositoryLabelsArgs,
  RepositoryMilestonesArgs,
  RepositoryPullRequestsArgs
} from "@octokit/graphql-schema"
import {
  assignableAccounts,
  canSee,
  fullName,
  type IssueFilter,
  listIssues,
  nodeId,
  pullOf,
  type Repository,
  roleOf
} from "@sockerless/bleephub-core"
import { listRefs, repositoryPath } from "@sockerless/bleephub-git"
import type { GraphQLResolveInfo } from "graphql"
import { connection, type PageArguments } from "../engine/connection.ts"
import type { Context } from "../engine/context.ts"
import { problem } from "../engine/problem.ts"
import type { Resolvers } from "../engine/schema.ts"
import { commitNode } from "./commits.ts"
import {
  type AccountNode,
  accountNode,
  issueNode,
  labelNode,
  milestoneNode,
  type RepositoryNode,
  repositoryNode
} from "./node.ts"
import { isoTime } from "./time.ts"

const PERMISSION = {
  none: null,
  read: "READ",
  triage: "TRIAGE",
  write: "WRITE",
  maintain: "MAINTAIN",
  admin: "ADMIN"
} as const

const pathOf = (context: Context, repository: Repository): string =>
  repositoryPath(context.hub.repositoriesFolder, repository.id)

const linked = (context: Context, id: number | null): RepositoryNode | null => {
  const row = id === null ? undefined : context.hub.tables.repositories.get(id)
  return row !== undefined && canSee(context.hub, context.viewer, row) ? repositoryNode(row) : null
}

const stateOf = (states: RepositoryIssuesArgs["states"]): IssueFilter["state"] => {
  const wanted = new Set<string>(states ?? [])
  if (wanted.size === 0 || (wanted.has("OPEN") && wanted.has("CLOSED"))) return "all"
  return wanted.has("OPEN") ? "open" : "closed"
}

const SORT = { CREATED_AT: "created", UPDATED_AT: "updated", COMMENTS: "comments" } as const

/** `@me` is whoever asks. */
const login = (context: Context, name: string | null | undefined): string | undefined =>
  name === "@me" ? (context.viewer.account?.login ?? "") : (name ?? undefined)

const issues = (node: RepositoryNode, args: RepositoryIssuesArgs, context: Context, info: GraphQLResolveInfo) => {
  const { filterBy, orderBy } = args
  const list = listIssues(context.hub, node.row, {
    isPull: false,
    state: filterBy?.states ? stateOf(filterBy.states) : stateOf(args.states),
    labels: filterBy?.labels ?? args.labels ?? [],
    assignee: login(context, filterBy?.assignee),
    creator: login(context, filterBy?.createdBy),
    mentioned: login(context, filterBy?.mentioned),
    milestone: filterBy?.milestoneNumber ?? filterBy?.milestone ?? undefined,
    since: filterBy?.since ? Date.parse(String(filterBy.since)) : undefined,
    sort: SORT[orderBy?.field ?? "CREATED_AT"],
    direction: (orderBy?.direction ?? "ASC") === "ASC" ? "asc" : "desc"
  })
  return connection(list, args, info, issueNode)
}

const byNumber = (context: Context, repository: Repository, number: number, isPull: boolean | undefined) => {
  const found = context.hub.tables.issues.by("number", `${repository.id}/${number}`)
  if (found !== undefined && (isPull === undefined || found.isPull === isPull)) return issueNode(found)
  const noun = isPull === undefined ? "an issue or pull request" : isPull ? "a PullRequest" : "an Issue"
  throw problem("NOT_FOUND", `Could not resolve to ${noun} with the number of ${number}.`)
}

const pullRequests = (
  node: RepositoryNode,
  args: RepositoryPullRequestsArgs,
  context: Context,
  info: GraphQLResolveInfo
) => {
  const states = new Set<string>(args.states ?? ["OPEN", "CLOSED", "MERGED"])
  const list = listIssues(context.hub, node.row, {
    isPull: true,
    state: "all",
    labels: args.labels ?? [],
    sort: SORT[args.orderBy?.field ?? "CREATED_AT"],
    direction: (args.orderBy?.direction ?? "ASC") === "ASC" ? "asc" : "desc"
  }).filter((issue) => {
    const pull = pullOf(context.hub, issue)
    const state = pull.mergedAt === null ? issue.state.toUpperCase() : "MERGED"
    return (
      states.has(state) &&
      (!args.headRefName || pull.headRef === args.headRefName) &&
      (!args.baseRefName || pull.baseRef === args.baseRefName)
    )
  })
  return connection(list, args, info, issueNode)
}

const refs = async (
  node: RepositoryNode,
  args: PageArguments & { readonly refPrefix: string; readonly query?: string | null },
  context: Context,
  info: GraphQLResolveInfo
) => {
  const list = (await listRefs(pathOf(context, node.row), args.refPrefix)).filter((ref) =>
    ref.name.includes(args.query ?? "")
  )
  return connection(
    list.map((ref) => ({ ...ref, id: ref.name })),
    args,
    info,
    (ref) => refNode(node.row, ref.name, ref.sha)
  )
}

const refNode = (repository: Repository, name: string, sha: string) => ({
  type: "Ref",
  id: nodeId("REF", repository.id),
  name: name.replace(/^refs\/(heads|tags)\//, ""),
  prefix: name.replace(/[^/]+$/, ""),
  target: commitNode(repository, sha),
  repository: repositoryNode(repository)
})

const findRef = async (context: Context, repository: Repository, name: string) => {
  const refs = await listRefs(pathOf(context, repository), name)
  const found = refs.find((ref) => ref.name === name)
  return found === undefined ? null : refNode(repository, name, found.sha)
}

const labels = (node: RepositoryNode, args: RepositoryLabelsArgs, context: Context, info: GraphQLResolveInfo) => {
  const query = args.query?.toLowerCase() ?? ""
  const all = context.hub.tables.labels
    .where("repository", node.row.id)
    .filter((one) => `${one.name} ${one.description ?? ""}`.toLowerCase().includes(query))
  const sign = args.orderBy?.direction === "DESC" ? -1 : 1
  const sorted =
    args.orderBy?.field === "NAME"
      ? all.toSorted((a, b) => sign * (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
      : all.toSorted((a, b) => sign * (a.createdAt - b.createdAt || a.id - b.id))
  return connection(sorted, args, info, labelNode)
}

const milestones = (
  node: RepositoryNode,
  args: RepositoryMilestonesArgs,
  context: Context,
  info: GraphQLResolveInfo
) => {
  const states = new Set<string>(args.states ?? ["OPEN", "CLOSED"])
  const all = context.hub.tables.milestones
    .where("repository", node.row.id)
    .filter((one) => states.has(one.state.toUpperCase()))
    .filter((one) => one.title.toLowerCase().includes((args.query ?? "").toLowerCase()))
  return connection(all, args, info, milestoneNode)
}

const people = (
  node: RepositoryNode,
  args: PageArguments & { readonly query?: string | null },
  context: Context,
  info: GraphQLResolveInfo
) => {
  const query = args.query?.toLowerCase() ?? ""
  const accounts = assignableAccounts(context.hub, node.row).filter((one) => one.login.toLowerCase().includes(query))
  return connection(accounts, args, info, accountNode)
}

const settings = {
  hasIssuesEnabled: (node: RepositoryNode) => node.row.hasIssues,
  hasWikiEnabled: (node: RepositoryNode) => node.row.hasWiki,
  hasProjectsEnabled: (node: RepositoryNode) => node.row.hasProjects,
  hasDiscussionsEnabled: (node: RepositoryNode) => node.row.hasDiscussions,
  hasSponsorshipsEnabled: () => false,
  mergeCommitAllowed: (node: RepositoryNode) => node.row.allowMerge,
  squashMergeAllowed: (node: RepositoryNode) => node.row.allowSquash,
  rebaseMergeAllowed: (node: RepositoryNode) => node.row.allowRebase,
  autoMergeAllowed: (node: RepositoryNode) => node.row.allowAutoMerge,
  allowUpdateBranch: (node: RepositoryNode) => node.row.allowUpdateBranch,
  deleteBranchOnMerge: (node: RepositoryNode) => node.row.deleteBranchOnMerge,
  isArchived: (node: RepositoryNode) => node.row.archived,
  isFork: (node: RepositoryNode) => node.row.parentId !== null,
  isPrivate: (node: RepositoryNode) => node.row.visibility !== "public",
  isTemplate: (node: RepositoryNode) => node.row.isTemplate,
  isLocked: () => false,
  isDisabled: () => false,
  isMirror: () => false,
  isInOrganization: (node: RepositoryNode, _args: object, context: Context) =>
    context.hub.tables.accounts.need(node.row.ownerId).type === "Organization",
  isBlankIssuesEnabled: () => true,
  isSecurityPolicyEnabled: () => false,
  isUserConfigurationRepository: () => false,
  issueTemplates: () => [],
  pullRequestTemplates: () => [],
  contactLinks: () => [],
  fundingLinks: () => [],
  viewerDefaultMergeMethod: () => "MERGE",
  webCommitSignoffRequired: (node: RepositoryNode) => node.row.signoff
}

const numbers = {
  stargazerCount: (node: RepositoryNode, _args: object, context: Context) =>
    context.hub.tables.stars.count("repository", node.row.id),
  forkCount: (node: RepositoryNode, _args: object, context: Context) =>
    context.hub.tables.repositories.count("parent", node.row.id),
  diskUsage: (node: RepositoryNode) => node.row.size,
  watchers: (_node: RepositoryNode, args: PageArguments, _context: Context, info: GraphQLResolveInfo) =>
    connection([], args, info, (one) => one),
  stargazers: (node: RepositoryNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) => {
    const rows = context.hub.tables.stars.where("repository", node.row.id)
    return connection(rows, args, info, (row) => accountNode(context.hub.tables.accounts.need(row.accountId)))
  },
  forks: (node: RepositoryNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) => {
    const rows = context.hub.tables.repositories
      .where("parent", node.row.id)
      .filter((row) => canSee(context.hub, context.viewer, row))
    return connection(rows, args, info, repositoryNode)
  },
  viewerHasStarred: (node: RepositoryNode, _args: object, context: Context) =>
    context.hub.tables.stars.by("pair", `${context.viewer.account?.id}/${node.row.id}`) !== undefined,
  repositoryTopics: (node: RepositoryNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) =>
    connection(
      node.row.topics.map((name) => ({ id: name })),
      args,
      info,
      ({ id: name }) => ({
        type: "RepositoryTopic",
        id: name,
        topic: { id: name, name },
        url: `${context.urls.html}/topics/${name}`
      })
    )
}

/** Repositories and their refs. */
export const repositoryResolvers: Resolvers = {
  Repository: {
    ...settings,
    ...numbers,
    id: (node: RepositoryNode) => nodeId("R", node.row.id),
    databaseId: (node: RepositoryNode) => node.row.id,
    name: (node: RepositoryNode) => node.row.name,
    nameWithOwner: (node: RepositoryNode, _args: object, context: Context) => fullName(context.hub, node.row),
    owner: (node: RepositoryNode, _args: object, context: Context): AccountNode =>
      accountNode(context.hub.tables.accounts.need(node.row.ownerId)),
    parent: (node: RepositoryNode, _args: object, context: Context) => linked(context, node.row.parentId),
    templateRepository: (node: RepositoryNode, _args: object, context: Context) => linked(context, node.row.templateId),
    description: (node: RepositoryNode) => node.row.description,
    homepageUrl: (node: RepositoryNode) => node.row.homepage,
    visibility: (node: RepositoryNode) => node.row.visibility.toUpperCase(),
    url: (node: RepositoryNode, _args: object, context: Context) =>
      `${context.urls.html}/${fullName(context.hub, node.row)}`,
    resourcePath: (node: RepositoryNode, _args: object, context: Context) => `/${fullName(context.hub, node.row)}`,
    sshUrl: (node: RepositoryNode, _args: object, context: Context) =>
      `git@${context.urls.html.replace(/^https?:\/\//, "")}:${fullName(context.hub, node.row)}.git`,
    mirrorUrl: () => null,
    viewerPermission: (node: RepositoryNode, _args: object, context: Context) =>
      PERMISSION[roleOf(context.hub, context.viewer, node.row)],
    viewerCanAdminister: (node: RepositoryNode, _args: object, context: Context) =>
      roleOf(context.hub, context.viewer, node.row) === "admin",
    viewerSubscription: () => "UNSUBSCRIBED",
    createdAt: (node: RepositoryNode) => isoTime(node.row.createdAt),
    updatedAt: (node: RepositoryNode) => isoTime(node.row.updatedAt),
    pushedAt: (node: RepositoryNode) => isoTime(node.row.pushedAt),
    archivedAt: (node: RepositoryNode) => (node.row.archived ? isoTime(node.row.updatedAt) : null),
    isEmpty: async (node: RepositoryNode, _args: object, context: Context) =>
      (await listRefs(pathOf(context, node.row), "refs/heads")).length === 0,
    defaultBranchRef: (node: RepositoryNode, _args: object, context: Context) =>
      findRef(context, node.row, `refs/heads/${node.row.defaultBranch}`),
    ref: (node: RepositoryNode, args: { readonly qualifiedName: string }, context: Context) =>
      findRef(
        context,
        node.row,
        args.qualifiedName.startsWith("refs/") ? args.qualifiedName : `refs/heads/${args.qualifiedName}`
      ),
    issues,
    pullRequests,
    refs,
    issue: (node: RepositoryNode, args: { readonly number: number }, context: Context) =>
      byNumber(context, node.row, args.number, false),
    pullRequest: (node: RepositoryNode, args: { readonly number: number }, context: Context) =>
      byNumber(context, node.row, args.number, true),
    issueOrPullRequest: (node: RepositoryNode, args: { readonly number: number }, context: Context) =>
      byNumber(context, node.row, args.number, undefined),
    labels,
    label: (node: RepositoryNode, args: { readonly name: string }, context: Context) => {
      const row = context.hub.tables.labels.by("name", `${node.row.id}/${args.name.toLowerCase()}`)
      return row === undefined ? null : labelNode(row)
    },
    milestones,
    milestone: (node: RepositoryNode, args: { readonly number: number }, context: Context) => {
      const row = context.hub.tables.milestones.by("number", `${node.row.id}/${args.number}`)
      return row === undefined ? null : milestoneNode(row)
    },
    assignableUsers: people,
    mentionableUsers: people,
    projects: (_node: RepositoryNode, args: PageArguments, _context: Context, info: GraphQLResolveInfo) =>
      connection([], args, info, (one) => one),
    projectsV2: (_node: RepositoryNode, args: PageArguments, _context: Context, info: GraphQLResolveInfo) =>
      connection([], args, info, (one) => one)
  }
}
