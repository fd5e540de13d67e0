import { accountOfEmail, checksOf, fullName, nodeId, type Repository, rollupState } from "@sockerless/bleephub-core"
import { type Commit, readCommit, repositoryPath } from "@sockerless/bleephub-git"
import type { GraphQLResolveInfo } from "graphql"
import { connection, type PageArguments } from "../engine/connection.ts"
import type { Context } from "../engine/context.ts"
import type { Resolvers } from "../engine/schema.ts"
import { accountNode, repositoryNode } from "./node.ts"
import { checkContexts } from "./checks.ts"
import { isoTime } from "./time.ts"

/** A commit of a repository; what git has to be asked for is asked when a field needs it. */
export interface CommitNode {
  readonly type: "Commit"
  readonly oid: string
  readonly repository: Repository
  readonly commit?: Commit
}

/** The node of a commit that may be known already. */
export const commitNode = (repository: Repository, oid: string, commit?: Commit): CommitNode => ({
  type: "Commit",
  oid,
  repository,
  ...(commit !== undefined && { commit })
})

const read = async (node: CommitNode, context: Context): Promise<Commit> => {
  const path = repositoryPath(context.hub.repositoriesFolder, node.repository.id)
  const commit = node.commit ?? (await readCommit(path, node.oid))
  if (commit === undefined) throw new Error(`${node.oid} is not in ${path}`)
  return commit
}

const urlOf = (node: CommitNode, context: Context): string =>
  `${context.urls.html}/${fullName(context.hub, node.repository)}/commit/${node.oid}`

const actor = (person: Commit["author"], context: Context) => {
  const account = accountOfEmail(context.hub, person.email)
  return {
    name: person.name,
    email: person.email,
    date: isoTime(person.at),
    user: account === undefined ? null : accountNode(account),
    avatarUrl: `${context.urls.html}/avatars/e/${encodeURIComponent(person.email)}`
  }
}

/** What the checks of a commit add up to; null when it has none. */
export const rollupOf = (node: CommitNode, context: Context) => {
  const checks = checksOf(context.hub, node.repository, node.oid)
  if (checks.runs.length + checks.statuses.length === 0) return null
  return {
    id: nodeId("SC", node.repository.id),
    state: rollupState(checks),
    contexts: checkContexts(node.repository, checks)
  }
}

/** Commits. */
export const commitResolvers: Resolvers = {
  Commit: {
    id: (node: CommitNode) => nodeId("C", node.repository.id),
    oid: (node: CommitNode) => node.oid,
    abbreviatedOid: (node: CommitNode) => node.oid.slice(0, 7),
    repository: (node: CommitNode) => repositoryNode(node.repository),
    url: (node: CommitNode, _args: object, context: Context) => urlOf(node, context),
    commitUrl: (node: CommitNode, _args: object, context: Context) => urlOf(node, context),
    message: async (node: CommitNode, _args: object, context: Context) => (await read(node, context)).message,
    messageHeadline: async (node: CommitNode, _args: object, context: Context) =>
      (await read(node, context)).message.split("\n")[0] ?? "",
    messageBody: async (node: CommitNode, _args: object, context: Context) =>
      (await read(node, context)).message.split("\n").slice(1).join("\n").trim(),
    authoredDate: async (node: CommitNode, _args: object, context: Context) =>
      isoTime((await read(node, context)).author.at),
    committedDate: async (node: CommitNode, _args: object, context: Context) =>
      isoTime((await read(node, context)).committer.at),
    author: async (node: CommitNode, _args: object, context: Context) =>
      actor((await read(node, context)).author, context),
    committer: async (node: CommitNode, _args: object, context: Context) =>
      actor((await read(node, context)).committer, context),
    authors: async (node: CommitNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) => {
      const { author } = await read(node, context)
      return connection([{ id: author.email }], args, info, () => actor(author, context))
    },
    parents: async (node: CommitNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) => {
      const { parents } = await read(node, context)
      return connection(
        parents.map((id) => ({ id })),
        args,
        info,
        ({ id }) => commitNode(node.repository, id)
      )
    },
    statusCheckRollup: (node: CommitNode, _args: object, context: Context) => rollupOf(node, context)
  }
}
