export interface PageRequest {
  readonly url: string
  readonly parameters: URLSearchParams
  readonly page: number
  readonly perPage: number
}

/** The items of one page. */
export const pageOf = <T>(asked: PageRequest, list: ReadonlyArray<T>): ReadonlyArray<T> =>
  list.slice((asked.page - 1) * asked.perPage, asked.page * asked.perPage)

/** The Link header for a list of `total` items, every parameter of the request kept; undefined for a single page. */
export const pageLinks = (asked: PageRequest, total: number): string | undefined => {
  const last = Math.max(1, Math.ceil(total / asked.perPage))
  const link = (relation: string, page: number): string => {
    const parameters = new URLSearchParams(asked.parameters)
    parameters.set("page", String(page))
    return `<${asked.url}?${parameters}>; rel="${relation}"`
  }
  const links = [
    asked.page > 1 ? link("prev", Math.min(asked.page - 1, last)) : undefined,
    asked.page < last ? link("next", asked.page + 1) : undefined,
    asked.page < last ? link("last", last) : undefined,
    asked.page > 1 ? link("first", 1) : undefined
  ].filter((one) => one !== undefined)
  return links.length === 0 ? undefined : links.join(", ")
}
