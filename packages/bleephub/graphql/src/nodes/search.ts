import type { QuerySearchArgs } from "@octokit/graphql-schema"
import { searchAccounts, searchIssues, searchRepositories } from "@sockerless/bleephub-core"
import type { GraphQLResolveInfo } from "graphql"
import { connection } from "../engine/connection.ts"
import type { Context } from "../engine/context.ts"
import { problem } from "../engine/problem.ts"
import type { Resolvers } from "../engine/schema.ts"
import { accountNode, issueNode, repositoryNode } from "./node.ts"

const search = (_root: object, args: QuerySearchArgs, context: Context, info: GraphQLResolveInfo) => {
  if (args.type === "ISSUE" || String(args.type) === "ISSUE_ADVANCED") {
    const issues = searchIssues(context.hub, context.viewer, args.query)
    return { ...connection(issues, args, info, issueNode), issueCount: issues.length }
  }
  if (args.type === "REPOSITORY") {
    const repositories = searchRepositories(context.hub, context.viewer, args.query)
    return { ...connection(repositories, args, info, repositoryNode), repositoryCount: repositories.length }
  }
  if (args.type === "USER") {
    const accounts = searchAccounts(context.hub, args.query)
    return { ...connection(accounts, args, info, accountNode), userCount: accounts.length }
  }
  throw problem("NOT_IMPLEMENTED", `bleephub does not search for ${args.type}`)
}

/** Search. */
export const searchResolvers: Resolvers = { Query: { search } }
