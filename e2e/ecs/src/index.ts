export { accountOf, makeBucket } from "./account.ts"
export { prepare, type Prepared } from "./prepared.ts"
