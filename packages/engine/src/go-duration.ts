const SECOND = 1_000_000_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const smallUnits = [
  [1_000_000, "ms"],
  [1000, "µs"],
  [1, "ns"]
] as const

/** Nanoseconds as Go prints a duration: `500ms`, `1.5s`, `1m30s`. */
export const goDuration = (nanos: number): string => {
  if (nanos === 0) return "0s"
  if (nanos < SECOND) {
    const [size, unit] = smallUnits.find(([smallest]) => nanos >= smallest) ?? [1, "ns"]
    return `${nanos / size}${unit}`
  }
  const hours = Math.floor(nanos / HOUR)
  const minutes = Math.floor((nanos % HOUR) / MINUTE)
  const seconds = (nanos % MINUTE) / SECOND
  return `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}s`
}
