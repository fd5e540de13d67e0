import type { GraphQLResolveInfo } from "graphql"
import { problem } from "./problem.ts"

/** The arguments of every connection. */
export interface PageArguments {
  readonly first?: number | null
  readonly last?: number | null
  readonly after?: string | null
  readonly before?: string | null
}

const LIMIT = 100

const cursorOf = (id: number | string): string => Buffer.from(`cursor:v2:${id}`).toString("base64")

interface Identified {
  readonly id: number | string
}

const boundaries = (args: PageArguments, info: GraphQLResolveInfo): void => {
  const { fieldName } = info
  const asked = args.first ?? args.last
  if (asked === null || asked === undefined) {
    throw problem(
      "MISSING_PAGINATION_BOUNDARIES",
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${fieldName}\` connection.`
    )
  }
  if (asked < 0 || asked > LIMIT) {
    throw problem(
      "EXCESSIVE_PAGINATION",
      `Requesting ${asked} records on the \`${fieldName}\` connection exceeds the \`first\` limit of ${LIMIT} records.`
    )
  }
}

const cut = <T extends Identified>(list: ReadonlyArray<T>, args: PageArguments) => {
  const at = (cursor: string): number => list.findIndex((item) => cursorOf(item.id) === cursor)
  const from = args.after ? at(args.after) + 1 : 0
  const before = args.before ? at(args.before) : -1
  const to = before === -1 ? list.length : before
  if (args.first !== null && args.first !== undefined) {
    const end = Math.min(to, from + args.first)
    return { items: list.slice(from, end), from, end, total: list.length }
  }
  const start = Math.max(from, to - (args.last ?? 0))
  return { items: list.slice(start, to), from: start, end: to, total: list.length }
}

/**
 * A page of a list as GitHub's connections have it. Nothing is computed until its field is asked for, and a list
 * that is only counted needs no page.
 */
export const connection = <T extends Identified>(
  list: ReadonlyArray<T>,
  args: PageArguments,
  info: GraphQLResolveInfo,
  toNode: (item: T) => unknown
) => {
  let known: ReturnType<typeof cut<T>> | undefined
  const page = () => {
    boundaries(args, info)
    return (known ??= cut(list, args))
  }
  return {
    totalCount: () => list.length,
    nodes: () => page().items.map(toNode),
    edges: () => page().items.map((item) => ({ cursor: cursorOf(item.id), node: toNode(item) })),
    pageInfo: () => {
      const { items, from, end, total } = page()
      const first = items[0]
      const last = items.at(-1)
      return {
        hasNextPage: end < total,
        hasPreviousPage: from > 0,
        startCursor: first === undefined ? null : cursorOf(first.id),
        endCursor: last === undefined ? null : cursorOf(last.id)
      }
    }
  }
}
