import type { RepositoryOrder } from "@octokit/graphql-schema"
import type { Repository } from "@sockerless/bleephub-core"

const keyOf = (field: RepositoryOrder["field"], one: Repository): number | string => {
  if (field === "NAME") return one.name.toLowerCase()
  if (field === "CREATED_AT") return one.createdAt
  return field === "PUSHED_AT" ? one.pushedAt : one.updatedAt
}

/** Repositories in the order asked for; in that of their making otherwise. */
export const orderRepositories = (
  list: ReadonlyArray<Repository>,
  order: RepositoryOrder | null | undefined
): ReadonlyArray<Repository> => {
  if (order === null || order === undefined) return list
  const sign = order.direction === "ASC" ? 1 : -1
  return list.toSorted((a, b) => {
    const left = keyOf(order.field, a)
    const right = keyOf(order.field, b)
    return sign * (left < right ? -1 : left > right ? 1 : a.id - b.id)
  })
}
