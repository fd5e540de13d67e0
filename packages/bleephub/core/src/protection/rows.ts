import { table } from "../database/table.ts"

/** What a branch, named exactly, is protected against. */
export type Protection = {
  readonly id: number
  readonly repositoryId: number
  readonly branch: string
  readonly checks: ReadonlyArray<string> | null
  readonly strictChecks: boolean
  readonly enforceAdmins: boolean
  readonly reviews: {
    readonly count: number
    readonly dismissStale: boolean
    readonly codeOwners: boolean
    readonly lastPush: boolean
  } | null
  readonly pushers: ReadonlyArray<number> | null
  readonly linearHistory: boolean
  readonly allowForcePushes: boolean
  readonly allowDeletions: boolean
  readonly conversationResolution: boolean
  readonly lockBranch: boolean
}

export const protectionTables = {
  protections: table<Protection>()("protections", {
    unique: { branch: (row) => `${row.repositoryId} ${row.branch}` },
    index: { repository: (row) => row.repositoryId }
  })
}
