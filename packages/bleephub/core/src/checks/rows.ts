import type { JsonValue } from "@sockerless/store"
import { table } from "../database/table.ts"

/** What somebody says of a commit; the latest of each context counts. */
export type CommitStatus = {
  readonly id: number
  readonly repositoryId: number
  readonly sha: string
  readonly state: "error" | "failure" | "pending" | "success"
  readonly context: string
  readonly description: string | null
  readonly targetUrl: string | null
  readonly creatorId: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** All check runs of one creator on one commit. */
export type CheckSuite = {
  readonly id: number
  readonly repositoryId: number
  readonly sha: string
  readonly creatorId: number
  readonly createdAt: number
  readonly updatedAt: number
}

export type CheckRun = {
  readonly id: number
  readonly suiteId: number
  readonly repositoryId: number
  readonly sha: string
  readonly name: string
  readonly status: "queued" | "in_progress" | "completed" | "waiting" | "requested" | "pending"
  readonly conclusion:
    | "action_required"
    | "cancelled"
    | "failure"
    | "neutral"
    | "success"
    | "skipped"
    | "stale"
    | "timed_out"
    | null
  readonly detailsUrl: string | null
  readonly externalId: string
  readonly title: string | null
  readonly summary: string | null
  readonly text: string | null
  readonly annotations: ReadonlyArray<{ readonly [field: string]: JsonValue }>
  readonly startedAt: number | null
  readonly completedAt: number | null
}

export const checkTables = {
  statuses: table<CommitStatus>()("statuses", {
    index: { repository: (row) => row.repositoryId, commit: (row) => `${row.repositoryId} ${row.sha}` }
  }),
  checkSuites: table<CheckSuite>()("checkSuites", {
    unique: { one: (row) => `${row.repositoryId} ${row.sha} ${row.creatorId}` },
    index: { repository: (row) => row.repositoryId, commit: (row) => `${row.repositoryId} ${row.sha}` }
  }),
  checkRuns: table<CheckRun>()("checkRuns", {
    index: {
      repository: (row) => row.repositoryId,
      commit: (row) => `${row.repositoryId} ${row.sha}`,
      suite: (row) => row.suiteId
    }
  })
}
