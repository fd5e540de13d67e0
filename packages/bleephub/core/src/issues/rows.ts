import type { JsonValue } from "@sockerless/store"
import { table } from "../database/table.ts"

/** An issue, or the issue side of a pull request: both share numbers, labels, comments and events. */
export type Issue = {
  readonly id: number
  readonly repositoryId: number
  readonly number: number
  readonly isPull: boolean
  readonly title: string
  readonly body: string | null
  readonly authorId: number
  readonly state: "open" | "closed"
  readonly stateReason: "completed" | "not_planned" | "reopened" | "duplicate" | null
  readonly labelIds: ReadonlyArray<number>
  readonly assigneeIds: ReadonlyArray<number>
  readonly milestoneId: number | null
  readonly locked: boolean
  readonly lockReason: string | null
  readonly pinned: boolean
  readonly closedAt: number | null
  readonly closedById: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

export type Comment = {
  readonly id: number
  readonly issueId: number
  readonly repositoryId: number
  readonly authorId: number
  readonly body: string
  readonly createdAt: number
  readonly updatedAt: number
}

/** One entry of the history of an issue; `detail` is what the kind of event needs. */
export type IssueEvent = {
  readonly id: number
  readonly issueId: number
  readonly repositoryId: number
  readonly actorId: number
  readonly event: string
  readonly detail: { readonly [field: string]: JsonValue }
  readonly createdAt: number
}

export type Reaction = {
  readonly id: number
  /** The noun and id it belongs to, as in `issue 4`. */
  readonly subject: string
  readonly accountId: number
  readonly content: "+1" | "-1" | "laugh" | "confused" | "heart" | "hooray" | "rocket" | "eyes"
  readonly createdAt: number
}

export const issueTables = {
  issues: table<Issue>()("issues", {
    unique: { number: (row) => `${row.repositoryId}/${row.number}` },
    index: {
      repository: (row) => row.repositoryId,
      open: (row) => (row.state === "open" ? `${row.repositoryId} ${row.isPull ? "pull" : "issue"}` : null),
      author: (row) => row.authorId,
      milestone: (row) => row.milestoneId
    }
  }),
  comments: table<Comment>()("comments", {
    index: { issue: (row) => row.issueId, repository: (row) => row.repositoryId }
  }),
  issueEvents: table<IssueEvent>()("issueEvents", {
    index: { issue: (row) => row.issueId, repository: (row) => row.repositoryId }
  }),
  reactions: table<Reaction>()("reactions", {
    unique: { one: (row) => `${row.subject} ${row.accountId} ${row.content}` },
    index: { subject: (row) => row.subject }
  })
}
