import { table } from "../database/table.ts"

export type Release = {
  readonly id: number
  readonly repositoryId: number
  readonly tag: string
  readonly target: string
  readonly name: string | null
  readonly body: string | null
  readonly draft: boolean
  readonly prerelease: boolean
  readonly authorId: number
  readonly createdAt: number
  readonly publishedAt: number | null
}

/** A file of a release; its bytes are named by their hash. */
export type Asset = {
  readonly id: number
  readonly releaseId: number
  readonly repositoryId: number
  readonly name: string
  readonly label: string | null
  readonly contentType: string
  readonly size: number
  readonly digest: string
  readonly downloads: number
  readonly uploaderId: number
  readonly createdAt: number
  readonly updatedAt: number
}

export const releaseTables = {
  releases: table<Release>()("releases", {
    index: { repository: (row) => row.repositoryId, tag: (row) => `${row.repositoryId} ${row.tag}` }
  }),
  assets: table<Asset>()("assets", {
    unique: { name: (row) => `${row.releaseId} ${row.name}` },
    index: { release: (row) => row.releaseId, repository: (row) => row.repositoryId, digest: (row) => row.digest }
  })
}
