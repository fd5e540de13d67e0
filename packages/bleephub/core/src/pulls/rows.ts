import { table } from "../database/table.ts"

/** What a pull request has beyond its issue side. */
export type Pull = {
  readonly id: number
  readonly issueId: number
  readonly repositoryId: number
  readonly number: number
  /** Null when the fork is gone. */
  readonly headRepositoryId: number | null
  readonly headRef: string
  readonly headSha: string
  readonly baseRef: string
  /** The base branch's commit when the pull request was opened or last merged into. */
  readonly baseSha: string
  readonly draft: boolean
  readonly maintainerCanModify: boolean
  readonly reviewerIds: ReadonlyArray<number>
  readonly reviewTeamIds: ReadonlyArray<number>
  readonly mergedAt: number | null
  readonly mergedById: number | null
  readonly mergeSha: string | null
  readonly autoMerge: {
    readonly method: "merge" | "squash" | "rebase"
    readonly enabledById: number
    readonly title: string | null
    readonly message: string | null
    readonly enabledAt: number
  } | null
}

/** One review; inline comments refer to it. */
export type Review = {
  readonly id: number
  readonly pullId: number
  readonly repositoryId: number
  readonly authorId: number
  readonly state: "PENDING" | "COMMENTED" | "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED"
  readonly body: string
  readonly commitSha: string
  readonly submittedAt: number | null
  readonly createdAt: number
}

/** A comment on a line of a pull request; one without `replyToId` begins a thread. */
export type ReviewComment = {
  readonly id: number
  readonly pullId: number
  readonly repositoryId: number
  readonly reviewId: number
  readonly authorId: number
  readonly replyToId: number | null
  readonly path: string
  readonly line: number | null
  readonly startLine: number | null
  readonly side: "LEFT" | "RIGHT"
  readonly startSide: "LEFT" | "RIGHT" | null
  readonly subject: "line" | "file"
  readonly commitSha: string
  readonly diffHunk: string
  readonly body: string
  readonly resolved: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

export const pullTables = {
  pulls: table<Pull>()("pulls", {
    unique: { issue: (row) => row.issueId, number: (row) => `${row.repositoryId}/${row.number}` },
    index: {
      repository: (row) => row.repositoryId,
      head: (row) => (row.headRepositoryId === null ? null : `${row.headRepositoryId} ${row.headRef}`),
      base: (row) => `${row.repositoryId} ${row.baseRef}`,
      autoMerge: (row) => (row.autoMerge === null ? null : "enabled")
    }
  }),
  reviews: table<Review>()("reviews", {
    index: { pull: (row) => row.pullId, repository: (row) => row.repositoryId }
  }),
  reviewComments: table<ReviewComment>()("reviewComments", {
    index: { pull: (row) => row.pullId, review: (row) => row.reviewId, repository: (row) => row.repositoryId }
  })
}
