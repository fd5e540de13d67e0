import type { Progress } from "./image-store.ts"

const UNITS = ["B", "kB", "MB", "GB", "TB"]

/** `12.3MB` as Docker prints sizes: powers of 1000, four digits. */
const humanSize = (bytes: number): string => {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${Number(value.toPrecision(4))}${UNITS[unit] ?? "B"}`
}

const BAR = 50

/** The bar that old clients print as it is. */
const bar = (current: number, total: number): string => {
  if (total <= 0) return humanSize(current)
  const done = Math.min(BAR, Math.floor((current / total) * BAR))
  return `[${"=".repeat(done)}>${" ".repeat(BAR - done)}]  ${humanSize(current)}/${humanSize(total)}`
}

/** One step of a transfer. */
export const transferred = (status: string, id: string, current: number, total: number): Progress => ({
  status,
  progressDetail: { current, total },
  progress: bar(current, total),
  id
})

/** A status line of a layer without figures. */
export const layerStatus = (status: string, id: string): Progress => ({ status, progressDetail: {}, id })

/** The last message of a stream that failed. */
export const failureMessage = (message: string): Progress => ({ error: message, errorDetail: { message } })
