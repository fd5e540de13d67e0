import type { JsonValue } from "@sockerless/store"
import type { Account } from "../accounts/rows.ts"
import type { Hub } from "../hub.ts"
import type { Issue, IssueEvent } from "./rows.ts"

/** Adds an entry to the history of an issue. Part of a change. */
export const recordEvent = (
  hub: Hub,
  actor: Account,
  issue: Issue,
  event: string,
  detail: { readonly [field: string]: JsonValue } = {}
): IssueEvent =>
  hub.tables.issueEvents.insert({
    issueId: issue.id,
    repositoryId: issue.repositoryId,
    actorId: actor.id,
    event,
    detail,
    createdAt: hub.now()
  })
