export { ArchiveFailed, type ArchiveHelper, archiveHelperSource, packPath, statPath, unpackPath } from "./archive.ts"
export type { FileOwner, FileStat } from "./protocol.ts"
