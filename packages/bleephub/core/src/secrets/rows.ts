import { table } from "../database/table.ts"

/** Where a secret or variable belongs, as in `repository 4` or `organization 7`. */
export type Scope = string

/** A secret as the client sealed it; only the holder of the scope's private key reads it. */
export type Secret = {
  readonly id: number
  readonly scope: Scope
  readonly app: "actions" | "dependabot" | "codespaces"
  readonly name: string
  readonly sealed: string
  readonly visibility: "all" | "private" | "selected"
  readonly repositoryIds: ReadonlyArray<number>
  readonly createdAt: number
  readonly updatedAt: number
}

export type Variable = {
  readonly id: number
  readonly scope: Scope
  readonly name: string
  readonly value: string
  readonly visibility: "all" | "private" | "selected"
  readonly repositoryIds: ReadonlyArray<number>
  readonly createdAt: number
  readonly updatedAt: number
}

/** The key pair that the secrets of a scope are sealed for. */
export type SealingKey = {
  readonly id: number
  readonly scope: Scope
  /** X25519, base64. */
  readonly publicKey: string
  readonly privateKey: string
}

export const secretTables = {
  secrets: table<Secret>()("secrets", {
    unique: { name: (row) => `${row.app} ${row.scope} ${row.name}` },
    index: { scope: (row) => `${row.app} ${row.scope}` }
  }),
  variables: table<Variable>()("variables", {
    unique: { name: (row) => `${row.scope} ${row.name}` },
    index: { scope: (row) => row.scope }
  }),
  sealingKeys: table<SealingKey>()("sealingKeys", { unique: { scope: (row) => row.scope } })
}
