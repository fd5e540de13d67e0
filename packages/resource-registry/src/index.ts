export {
  BucketFailed,
  LeaseHeld,
  LeaseLost,
  OperationUnsettled,
  PreconditionFailed,
  RecordUnreadable
} from "./faults.ts"
export { type Identity, namePrefix } from "./identity.ts"
export { type BucketObject, CasBucket } from "./lease/bucket.ts"
export { bucketFile } from "./lease/file-bucket.ts"
export type { LeaseOptions } from "./lease/acquire.ts"
export { Lease } from "./lease/lease.ts"
export type {
  LedgerFault,
  LedgerShape,
  LedgerView,
  Operation,
  OperationRequest,
  Place,
  RecoveryPlan,
  RecoveryReport,
  Resource,
  Verdict,
  What
} from "./ledger/contract.ts"
export { Ledger } from "./ledger/ledger.ts"
export type { Claim, OperationRecord, ResourceEntry, Tombstone } from "./ledger/records.ts"
