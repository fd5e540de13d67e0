export { SchemaTooNew, StoreFailed, type StoreFault } from "./faults.ts"
export { memory as storeMemory } from "./memory.ts"
export { sqlite as storeSqlite, type SqliteOptions } from "./sqlite.ts"
export { type JsonValue, type LogEntry, Store, type StoredRecord, type Write } from "./store.ts"
