/** Docker's filters after decoding: key to values, in the order given. The engine checks keys and reads values. */
export type Filters = ReadonlyMap<string, ReadonlyArray<string>>
