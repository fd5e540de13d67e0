/** A time as GitHub writes it: whole seconds, UTC. */
export const isoTime = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z")

/** A time that may be absent. */
export const isoTimeOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at))
