import { table } from "../database/table.ts"
import type { Role } from "../access/role.ts"

export type Team = {
  readonly id: number
  readonly organizationId: number
  readonly parentId: number | null
  readonly name: string
  readonly slug: string
  readonly description: string | null
  readonly privacy: "secret" | "closed"
  readonly notifications: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

export type TeamMember = {
  readonly id: number
  readonly teamId: number
  readonly accountId: number
  readonly role: "member" | "maintainer"
}

export type TeamRepository = {
  readonly id: number
  readonly teamId: number
  readonly repositoryId: number
  readonly role: Role
}

export const organizationTables = {
  teams: table<Team>()("teams", {
    unique: { slug: (row) => `${row.organizationId}/${row.slug}` },
    index: { organization: (row) => row.organizationId, parent: (row) => row.parentId }
  }),
  teamMembers: table<TeamMember>()("teamMembers", {
    unique: { pair: (row) => `${row.teamId}/${row.accountId}` },
    index: { team: (row) => row.teamId, account: (row) => row.accountId }
  }),
  teamRepositories: table<TeamRepository>()("teamRepositories", {
    unique: { pair: (row) => `${row.teamId}/${row.repositoryId}` },
    index: { team: (row) => row.teamId, repository: (row) => row.repositoryId }
  })
}
