import type { Role } from "../access/role.ts"
import { table } from "../database/table.ts"

export type Repository = {
  readonly id: number
  readonly ownerId: number
  readonly name: string
  readonly description: string | null
  readonly homepage: string | null
  readonly visibility: "public" | "private" | "internal"
  readonly defaultBranch: string
  readonly topics: ReadonlyArray<string>
  readonly parentId: number | null
  readonly templateId: number | null
  readonly archived: boolean
  readonly isTemplate: boolean
  readonly hasIssues: boolean
  readonly hasProjects: boolean
  readonly hasWiki: boolean
  readonly hasDiscussions: boolean
  readonly allowSquash: boolean
  readonly allowMerge: boolean
  readonly allowRebase: boolean
  readonly allowAutoMerge: boolean
  readonly allowUpdateBranch: boolean
  readonly deleteBranchOnMerge: boolean
  readonly signoff: boolean
  /** The last number that an issue or pull request of this repository took. */
  readonly lastNumber: number
  readonly lastMilestone: number
  readonly createdAt: number
  readonly updatedAt: number
  readonly pushedAt: number
  /** Kilobytes on disk, as of the last push. */
  readonly size: number
}

/** A name that a repository had, which still leads to it. */
export type Redirect = { readonly id: number; readonly name: string; readonly repositoryId: number }

export type Collaborator = {
  readonly id: number
  readonly repositoryId: number
  readonly accountId: number
  readonly role: Role
}

export type Invitation = {
  readonly id: number
  readonly repositoryId: number
  readonly accountId: number
  readonly inviterId: number
  readonly role: Role
  readonly createdAt: number
}

export type Label = {
  readonly id: number
  readonly repositoryId: number
  readonly name: string
  readonly color: string
  readonly description: string | null
  readonly isDefault: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

export type Milestone = {
  readonly id: number
  readonly repositoryId: number
  readonly number: number
  readonly title: string
  readonly description: string | null
  readonly state: "open" | "closed"
  readonly creatorId: number
  readonly dueOn: number | null
  readonly closedAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** A change of refs that was begun: written before git moves them, removed with what follows from the move. */
export type RefIntent = {
  readonly id: number
  readonly repositoryId: number
  readonly actorId: number
  readonly updates: ReadonlyArray<{ readonly ref: string; readonly old: string; readonly new: string }>
  /** What else has to follow, named so that recovery can finish it: a merge of this pull request. */
  readonly pullId: number | null
  readonly createdAt: number
}

export const repositoryTables = {
  repositories: table<Repository>()("repositories", {
    unique: { name: (row) => `${row.ownerId}/${row.name.toLowerCase()}` },
    index: { owner: (row) => row.ownerId, parent: (row) => row.parentId }
  }),
  redirects: table<Redirect>()("redirects", {
    unique: { name: (row) => row.name },
    index: { repository: (row) => row.repositoryId }
  }),
  collaborators: table<Collaborator>()("collaborators", {
    unique: { pair: (row) => `${row.repositoryId}/${row.accountId}` },
    index: { repository: (row) => row.repositoryId, account: (row) => row.accountId }
  }),
  invitations: table<Invitation>()("invitations", {
    unique: { pair: (row) => `${row.repositoryId}/${row.accountId}` },
    index: { repository: (row) => row.repositoryId, account: (row) => row.accountId }
  }),
  labels: table<Label>()("labels", {
    unique: { name: (row) => `${row.repositoryId}/${row.name.toLowerCase()}` },
    index: { repository: (row) => row.repositoryId }
  }),
  milestones: table<Milestone>()("milestones", {
    unique: { number: (row) => `${row.repositoryId}/${row.number}` },
    index: { repository: (row) => row.repositoryId }
  }),
  refIntents: table<RefIntent>()("refIntents", { index: { repository: (row) => row.repositoryId } })
}
