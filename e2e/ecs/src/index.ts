export { accountOf, makeBucket } from "./account.ts"
