export { operationTable } from "./operation-table.ts"
export { Contract, ContractBroken, type Served } from "./validate.ts"
