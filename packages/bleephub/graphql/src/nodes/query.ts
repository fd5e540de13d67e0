import { canSee, repositoryMoved, repositoryNamed, requireAccount } from "@sockerless/bleephub-core"
import type { Context } from "../engine/context.ts"
import { problem } from "../engine/problem.ts"
import type { Resolvers } from "../engine/schema.ts"
import { accountNode, findNode, repositoryNode } from "./node.ts"

const HOUR = 3_600_000

const named = (context: Context, owner: string, name: string, followRenames: boolean) => {
  const moved = followRenames ? repositoryMoved(context.hub, owner, name) : undefined
  const row = repositoryNamed(context.hub, owner, name) ?? moved
  if (row === undefined || !canSee(context.hub, context.viewer, row)) {
    throw problem("NOT_FOUND", `Could not resolve to a Repository with the name '${owner}/${name}'.`)
  }
  return repositoryNode(row)
}

const account = (context: Context, login: string, type: "User" | "Organization" | undefined) => {
  const row = context.hub.tables.accounts.by("login", login.toLowerCase())
  return row !== undefined && (type === undefined || row.type === type) ? accountNode(row) : undefined
}

/** Where every query begins. */
export const queryResolvers: Resolvers = {
  Query: {
    viewer: (_root: object, _args: object, context: Context) => accountNode(requireAccount(context.viewer)),
    repository: (
      _root: object,
      args: { readonly owner: string; readonly name: string; readonly followRenames?: boolean | null },
      context: Context
    ) => named(context, args.owner, args.name, args.followRenames ?? true),
    repositoryOwner: (_root: object, args: { readonly login: string }, context: Context) =>
      account(context, args.login, undefined) ?? null,
    user: (_root: object, args: { readonly login: string }, context: Context) => {
      const found = account(context, args.login, "User")
      if (found !== undefined) return found
      throw problem("NOT_FOUND", `Could not resolve to a User with the login of '${args.login}'.`)
    },
    organization: (_root: object, args: { readonly login: string }, context: Context) => {
      const found = account(context, args.login, "Organization")
      if (found !== undefined) return found
      throw problem("NOT_FOUND", `Could not resolve to an Organization with the login of '${args.login}'.`)
    },
    node: (_root: object, args: { readonly id: string }, context: Context) => findNode(context, args.id),
    nodes: (_root: object, args: { readonly ids: ReadonlyArray<string> }, context: Context) =>
      args.ids.map((id) => findNode(context, id)),
    rateLimit: (_root: object, _args: object, context: Context) => ({
      cost: 1,
      limit: 5000,
      remaining: 4999,
      used: 1,
      nodeCount: 0,
      resetAt: new Date(context.hub.now() + HOUR).toISOString()
    })
  }
}
