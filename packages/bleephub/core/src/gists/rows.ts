import { table } from "../database/table.ts"

export type GistFile = { readonly name: string; readonly content: string }

export type Gist = {
  readonly id: number
  /** What its address ends in. */
  readonly key: string
  readonly ownerId: number
  readonly description: string | null
  readonly public: boolean
  readonly files: ReadonlyArray<GistFile>
  readonly createdAt: number
  readonly updatedAt: number
}

export const gistTables = {
  gists: table<Gist>()("gists", { unique: { key: (row) => row.key }, index: { owner: (row) => row.ownerId } })
}
