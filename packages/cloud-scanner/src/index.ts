export { type Class, type Classified, classify, type ClassifyOptions } from "./classify.ts"
export { folderCloud, type FolderCloud } from "./folder-cloud.ts"
export { placeOf } from "./place.ts"
export {
  collectGarbage,
  type GarbageOptions,
  reconcile,
  type ReconcileOptions,
  type ReconcileReport
} from "./reconcile.ts"
export { CloudScanner, type Found } from "./scanner.ts"
export type { SweepStep } from "./sweep.ts"
