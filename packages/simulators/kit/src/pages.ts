import type { View } from "./simulation.ts"

export interface PageRequest {
  readonly limit: number
  /** The token of the page before. */
  readonly token: string | undefined
}

export interface Page<T> {
  readonly items: ReadonlyArray<T>
  readonly next: string | undefined
}

const tokenOf = (key: string): string => Buffer.from(key).toString("base64url")

/**
 * One page of a listing in the order of its keys. The token names the last key that was given, so what is added or
 * removed meanwhile neither repeats nor hides another item. Undefined for a token that nobody gave out.
 */
export const pageOf = <T>(
  items: ReadonlyArray<T>,
  keyOf: (item: T) => string,
  request: PageRequest,
  view: View
): Page<T> | undefined => {
  const visible = view.omitNewest === 0 ? items : items.slice(0, Math.max(0, items.length - view.omitNewest))
  const sorted = visible.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const after = request.token === undefined ? undefined : Buffer.from(request.token, "base64url").toString()
  if (after !== undefined && tokenOf(after) !== request.token) return undefined
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after)
  const limit = Math.max(1, Math.min(request.limit, view.pageSize ?? request.limit))
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return { items: page, next: rest.length > limit && last !== undefined ? tokenOf(keyOf(last)) : undefined }
}
