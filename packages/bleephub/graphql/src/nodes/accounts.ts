import { type Account, membershipOf, nodeId, repositoriesOf } from "@sockerless/bleephub-core"
import type { RepositoryOrder, UserRepositoriesArgs } from "@octokit/graphql-schema"
import type { GraphQLResolveInfo } from "graphql"
import { connection, type PageArguments } from "../engine/connection.ts"
import type { Context } from "../engine/context.ts"
import type { Resolvers } from "../engine/schema.ts"
import { type AccountNode, accountNode, repositoryNode } from "./node.ts"
import { orderRepositories } from "./order.ts"
import { isoTime } from "./time.ts"

/** The global id of an account, which depends on what it is. */
export const accountId = (account: Account): string =>
  nodeId(account.type === "Organization" ? "O" : account.type === "Bot" ? "BOT" : "U", account.id)

const shared = {
  id: (node: AccountNode) => accountId(node.row),
  databaseId: (node: AccountNode) => node.row.id,
  login: (node: AccountNode) => node.row.login,
  avatarUrl: (node: AccountNode, _args: object, context: Context) => `${context.urls.html}/avatars/u/${node.row.id}?`,
  resourcePath: (node: AccountNode) => `/${node.row.login}`,
  url: (node: AccountNode, _args: object, context: Context) => `${context.urls.html}/${node.row.login}`,
  createdAt: (node: AccountNode) => isoTime(node.row.createdAt),
  updatedAt: (node: AccountNode) => isoTime(node.row.updatedAt)
}

const repositories = (node: AccountNode, args: UserRepositoriesArgs, context: Context, info: GraphQLResolveInfo) => {
  const { privacy, isFork, isArchived } = args
  const order: RepositoryOrder | null | undefined = args.orderBy
  const all = repositoriesOf(context.hub, context.viewer, node.row)
    .filter((one) => !privacy || (privacy === "PUBLIC") === (one.visibility === "public"))
    .filter((one) => isFork === null || isFork === undefined || isFork === (one.parentId !== null))
    .filter((one) => isArchived === null || isArchived === undefined || isArchived === one.archived)
  return connection(orderRepositories(all, order), args, info, repositoryNode)
}

const owner = {
  ...shared,
  name: (node: AccountNode) => node.row.name,
  email: (node: AccountNode) => node.row.email ?? "",
  location: (node: AccountNode) => node.row.location,
  websiteUrl: (node: AccountNode) => node.row.blog,
  twitterUsername: (node: AccountNode) => node.row.twitter,
  repositories,
  repository: (node: AccountNode, args: { readonly name: string }, context: Context) => {
    const found = repositoriesOf(context.hub, context.viewer, node.row).find(
      (one) => one.name.toLowerCase() === args.name.toLowerCase()
    )
    return found === undefined ? null : repositoryNode(found)
  }
}

const organizationsOf = (node: AccountNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) => {
  const organizations = context.hub.tables.memberships
    .where("account", node.row.id)
    .filter((one) => one.state === "active" && (one.public || node.row.id === context.viewer.account?.id))
    .map((one) => context.hub.tables.accounts.need(one.organizationId))
  return connection(organizations, args, info, accountNode)
}

/** Users, organizations and bots. */
export const accountResolvers: Resolvers = {
  User: {
    ...owner,
    isViewer: (node: AccountNode, _args: object, context: Context) => node.row.id === context.viewer.account?.id,
    bio: (node: AccountNode) => node.row.bio,
    company: (node: AccountNode) => node.row.company,
    isHireable: (node: AccountNode) => node.row.hireable ?? false,
    isSiteAdmin: (node: AccountNode) => node.row.siteAdmin,
    isEmployee: () => false,
    isDeveloperProgramMember: () => false,
    isBountyHunter: () => false,
    isCampusExpert: () => false,
    isGitHubStar: () => false,
    organizations: organizationsOf,
    organization: (node: AccountNode, args: { readonly login: string }, context: Context) => {
      const found = context.hub.tables.accounts.by("login", args.login.toLowerCase())
      return found !== undefined && membershipOf(context.hub, node.row, found) !== "none" ? accountNode(found) : null
    }
  },
  Organization: {
    ...owner,
    viewerCanCreateRepositories: (node: AccountNode, _args: object, context: Context) =>
      node.row.id === context.viewer.account?.id ||
      membershipOf(context.hub, context.viewer.account, node.row) !== "none",
    description: (node: AccountNode) => node.row.bio,
    viewerCanAdminister: (node: AccountNode, _args: object, context: Context) =>
      membershipOf(context.hub, context.viewer.account, node.row) === "admin",
    viewerIsAMember: (node: AccountNode, _args: object, context: Context) =>
      membershipOf(context.hub, context.viewer.account, node.row) !== "none"
  },
  Bot: shared
}
