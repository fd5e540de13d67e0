export { diskStore, type DiskStoreOptions } from "./disk-store.ts"
export { ImageFault } from "./faults.ts"
export type { ImageConfig, ImageConfigBlob, ImageHealthcheck } from "./image-config.ts"
export {
  type HistoryRow,
  type ImageRecord,
  ImageStore,
  type ImageUser,
  type Progress,
  type RegistryAuth,
  type Removed
} from "./image-store.ts"
export { canonical, familiar, familiarName, parseReference, type Reference } from "./reference.ts"
export type { RegistryOptions } from "./registry/client.ts"
