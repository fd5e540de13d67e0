import {
  type Account,
  canSee,
  type Comment,
  type Issue,
  type Label,
  type Milestone,
  notFound,
  parseNodeId,
  type Repository
} from "@sockerless/bleephub-core"
import type { Context } from "../engine/context.ts"

/** A row with the name of the GraphQL type that it is shown as. */
export interface Node<T extends string, R> {
  readonly type: T
  readonly row: R
}

export type AccountNode = Node<"User" | "Organization" | "Bot", Account>
export type RepositoryNode = Node<"Repository", Repository>
export type IssueNode = Node<"Issue" | "PullRequest", Issue>
export type LabelNode = Node<"Label", Label>
export type MilestoneNode = Node<"Milestone", Milestone>
export type CommentNode = Node<"IssueComment", Comment>

export const accountNode = (row: Account): AccountNode => ({ type: row.type, row })
export const repositoryNode = (row: Repository): RepositoryNode => ({ type: "Repository", row })
export const issueNode = (row: Issue): IssueNode => ({ type: row.isPull ? "PullRequest" : "Issue", row })
export const labelNode = (row: Label): LabelNode => ({ type: "Label", row })
export const milestoneNode = (row: Milestone): MilestoneNode => ({ type: "Milestone", row })
export const commentNode = (row: Comment): CommentNode => ({ type: "IssueComment", row })

const inRepository = <R extends { readonly repositoryId: number }, N>(
  context: Context,
  row: R | undefined,
  toNode: (row: R) => N
): N | undefined => {
  if (row === undefined) return undefined
  const repository = context.hub.tables.repositories.get(row.repositoryId)
  return repository !== undefined && canSee(context.hub, context.viewer, repository) ? toNode(row) : undefined
}

const finders: Readonly<Record<string, (context: Context, id: number) => object | undefined>> = {
  U: (context, id) => maybe(context.hub.tables.accounts.get(id), accountNode),
  O: (context, id) => maybe(context.hub.tables.accounts.get(id), accountNode),
  BOT: (context, id) => maybe(context.hub.tables.accounts.get(id), accountNode),
  R: (context, id) => {
    const row = context.hub.tables.repositories.get(id)
    return row !== undefined && canSee(context.hub, context.viewer, row) ? repositoryNode(row) : undefined
  },
  I: (context, id) => inRepository(context, context.hub.tables.issues.get(id), issueNode),
  PR: (context, id) => inRepository(context, context.hub.tables.issues.get(id), issueNode),
  LA: (context, id) => inRepository(context, context.hub.tables.labels.get(id), labelNode),
  MI: (context, id) => inRepository(context, context.hub.tables.milestones.get(id), milestoneNode),
  PRR: (context, id) =>
    inRepository(context, context.hub.tables.reviews.get(id), (row) => ({ type: "PullRequestReview", row })),
  PRRC: (context, id) =>
    inRepository(context, context.hub.tables.reviewComments.get(id), (row) => ({
      type: "PullRequestReviewComment",
      row
    })),
  T: (context, id) => maybe(context.hub.tables.teams.get(id), (row) => ({ type: "Team", row })),
  IC: (context, id) => inRepository(context, context.hub.tables.comments.get(id), commentNode)
}

const maybe = <R, N>(row: R | undefined, toNode: (row: R) => N): N | undefined =>
  row === undefined ? undefined : toNode(row)

/** The node of a global id that the viewer may see; GitHub's error otherwise. */
export const findNode = (context: Context, id: string): object => {
  const parsed = parseNodeId(id)
  const found = parsed === undefined ? undefined : finders[parsed.prefix]?.(context, parsed.id)
  if (found === undefined) throw notFound(`Could not resolve to a node with the global id of '${id}'.`)
  return found
}

/** The row of a global id of a noun, given the noun's prefixes. */
export const rowOf = <R>(
  context: Context,
  id: string,
  prefixes: ReadonlyArray<string>,
  get: (id: number) => R | undefined
): R => {
  const parsed = parseNodeId(id)
  const row = parsed !== undefined && prefixes.includes(parsed.prefix) ? get(parsed.id) : undefined
  // What the viewer may not see is not there: the node has to be found too.
  if (row === undefined) throw notFound(`Could not resolve to a node with the global id of '${id}'.`)
  findNode(context, id)
  return row
}
