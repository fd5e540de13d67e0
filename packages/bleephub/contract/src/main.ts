import { writeFileSync } from "node:fs"
import { operationTable } from "./operation-table.ts"

writeFileSync(
  new URL("../../rest/src/operations/table.json", import.meta.url),
  `${JSON.stringify(operationTable(), null, 2)}\n`
)
