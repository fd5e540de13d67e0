import { type Issue, searchAccounts, searchIssues, searchRepositories, unprocessable } from "@sockerless/bleephub-core"
import { simpleUser } from "../accounts/render.ts"
import { issueJson } from "../issues/render.ts"
import { minimalRepository } from "../repositories/render.ts"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId, Schemas } from "../wire/types.ts"

const LIMIT = 1000

/** One page of what was found; GitHub gives a thousand and refuses to go on. */
const found = <T, J>(call: Call<OperationId>, list: ReadonlyArray<T>, render: (item: T) => J) => {
  const { page, perPage } = call.pageRequest()
  if ((page - 1) * perPage >= LIMIT) throw unprocessable("Only the first 1000 search results are available")
  return {
    total_count: list.length,
    incomplete_results: false,
    items: call.page(list.slice(0, LIMIT), render),
    // Last: Octokit takes the first key beside the counts for the list.
    search_type: "lexical" as const
  }
}

const issueItem = (call: Call<OperationId>, issue: Issue): Schemas["issue-search-result-item"] => {
  const json = issueJson(call, issue)
  return { ...json, body: json.body ?? "", score: 1 }
}

/** Search by GitHub's query language. */
export const searchOperations = [
  operation("search/issues-and-pull-requests", (call) => {
    const { q, sort, order } = call.query
    return found(call, searchIssues(call.hub, call.viewer, q, { sort, order }), (issue) => issueItem(call, issue))
  }),
  operation("search/repos", (call) => {
    const { q, sort, order } = call.query
    return found(call, searchRepositories(call.hub, call.viewer, q, { sort, order }), (repository) => {
      const json = minimalRepository(call, repository)
      return { ...json, score: 1, master_branch: repository.defaultBranch }
    })
  }),
  operation("search/users", (call) =>
    found(call, searchAccounts(call.hub, call.query.q), (account) => ({ ...simpleUser(call.urls, account), score: 1 }))
  )
]
