export { ArchiveFailed, type ArchiveHelper, archiveHelperSource, packPath, statPath, unpackPath } from "./archive.ts"
export type { FileStat } from "./protocol.ts"
