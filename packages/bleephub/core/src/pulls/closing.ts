import type { Account } from "../accounts/rows.ts"
import type { Hub } from "../hub.ts"
import type { Issue } from "../issues/rows.ts"
import { setState } from "../issues/update.ts"
import type { Repository } from "../repositories/rows.ts"

const KEYWORD = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b/gi

/** The issues that a text says it closes, as in `Fixes #4`. */
export const closingIssues = (hub: Hub, repository: Repository, text: string | null): ReadonlyArray<Issue> => {
  const numbers = new Set([...(text ?? "").matchAll(KEYWORD)].map((found) => Number(found[1])))
  return [...numbers]
    .map((number) => hub.tables.issues.by("number", `${repository.id}/${number}`))
    .filter((issue) => issue !== undefined)
    .filter((issue) => !issue.isPull)
}

/** Closes what a text that arrived on the default branch says it closes. Part of a change. */
export const closeByText = (hub: Hub, actor: Account, repository: Repository, text: string | null): void => {
  for (const issue of closingIssues(hub, repository, text)) {
    if (issue.state === "open") setState(hub, actor, issue, "closed", "completed")
  }
}
