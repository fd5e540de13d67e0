export {
  ArchiveFailed,
  type ArchiveHelper,
  archiveHelperSource,
  packPath,
  statPath,
  unpackPath,
  upperChanges
} from "./archive.ts"
export type { FileOwner, FileStat, UpperEntry } from "./protocol.ts"
