import { Table, type TableSpec } from "./database/table.ts"
import type { Journal, Row } from "./database/table.ts"
import { accountTables } from "./accounts/rows.ts"
import { checkTables } from "./checks/rows.ts"
import { eventTables } from "./events/rows.ts"
import { issueTables } from "./issues/rows.ts"
import { organizationTables } from "./organizations/rows.ts"
import { pullTables } from "./pulls/rows.ts"
import { hookTables } from "./hooks/rows.ts"
import { protectionTables } from "./protection/rows.ts"
import { gistTables } from "./gists/rows.ts"
import { releaseTables } from "./releases/rows.ts"
import { secretTables } from "./secrets/rows.ts"
import { repositoryTables } from "./repositories/rows.ts"

/** Every table there is; a new noun adds its own here. */
const specs = {
  ...accountTables,
  ...organizationTables,
  ...repositoryTables,
  ...issueTables,
  ...pullTables,
  ...checkTables,
  ...releaseTables,
  ...secretTables,
  ...gistTables,
  ...hookTables,
  ...protectionTables,
  ...eventTables
}

type TableOf<S> = S extends TableSpec<infer R, infer U, infer I> ? Table<R, U, I> : never

/** The rows of everything, by noun. */
export type Tables = { readonly [Name in keyof typeof specs]: TableOf<(typeof specs)[Name]> }

/** Empty tables that write into `journal`. */
export const makeTables = (journal: Journal): Tables => {
  const made: Partial<Record<keyof typeof specs, unknown>> = {}
  for (const name of tableNames) made[name] = makeTable(specs[name], journal)
  return made as Tables
}

const makeTable = <R extends Row, U extends string, I extends string>(
  spec: TableSpec<R, U, I>,
  journal: Journal
): Table<R, U, I> => new Table(spec, journal)

/** Their names, which are also the names of the store's collections. */
export const tableNames = Object.keys(specs) as ReadonlyArray<keyof typeof specs>
