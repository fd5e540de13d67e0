import type { Hub, Viewer } from "@sockerless/bleephub-core"
import { type PageRequest, pageLinks, pageOf } from "./pages.ts"
import type { AnswerOf, BodyOf, OperationId, PathOf, QueryOf } from "./types.ts"
import type { Urls } from "./urls.ts"

/** One request for one operation, decoded as GitHub describes it. */
export class Call<Id extends OperationId> {
  readonly hub: Hub
  readonly viewer: Viewer
  readonly urls: Urls
  readonly request: Request
  readonly path: PathOf<Id>
  readonly query: QueryOf<Id>
  readonly body: BodyOf<Id>
  /** Headers of the answer that this operation adds. */
  readonly answerHeaders: Record<string, string> = {}

  constructor(parts: {
    readonly hub: Hub
    readonly viewer: Viewer
    readonly urls: Urls
    readonly request: Request
    readonly path: PathOf<Id>
    readonly query: QueryOf<Id>
    readonly body: BodyOf<Id>
  }) {
    this.hub = parts.hub
    this.viewer = parts.viewer
    this.urls = parts.urls
    this.request = parts.request
    this.path = parts.path
    this.query = parts.query
    this.body = parts.body
  }

  /** Cuts the page asked for out of a list, renders it, and sets the Link header. */
  page<T, J>(list: ReadonlyArray<T>, render: (item: T) => J): Array<J> {
    const asked = this.pageRequest()
    const link = pageLinks(asked, list.length)
    if (link !== undefined) this.answerHeaders["link"] = link
    return pageOf(asked, list).map(render)
  }

  /** Which page is asked for, within GitHub's bounds. */
  pageRequest(): PageRequest {
    const url = new URL(this.request.url)
    const base = this.urls.api.replace(/\/api\/v3$/, "")
    return {
      url: `${base}${url.pathname}`,
      parameters: url.searchParams,
      page: Math.max(1, Number.parseInt(url.searchParams.get("page") ?? "1", 10) || 1),
      perPage: Math.min(100, Math.max(1, Number.parseInt(url.searchParams.get("per_page") ?? "30", 10) || 30))
    }
  }

  /** Whether the client asked for this of GitHub's media types, as in `diff`. */
  accepts(kind: string): boolean {
    return (this.request.headers.get("accept") ?? "").split(",").some((type) => type.includes(`.${kind}`))
  }
}

/** An answer whose status is not the operation's first. */
export class Reply<J> {
  readonly status: number
  readonly body: J | undefined

  constructor(status: number, body?: J) {
    this.status = status
    this.body = body
  }
}

type Answer<Id extends OperationId> = AnswerOf<Id> | Reply<AnswerOf<Id>> | Response

type MaybeVoid<T> = undefined extends T ? T | void : T

/** What serves one operation. */
export interface Operation {
  readonly id: OperationId
  readonly serve: (call: Call<never>) => unknown
}

/** Serves the operation of this id; path, query, body and answer are typed by GitHub's own description. */
export const operation = <Id extends OperationId>(
  id: Id,
  serve: (call: Call<Id>) => MaybeVoid<Answer<Id>> | Promise<MaybeVoid<Answer<Id>>>
): Operation => ({ id, serve: (call: Call<never>) => serve(call as Call<Id>) })
