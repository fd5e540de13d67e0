import { randomBytes } from "node:crypto"

/** 64 lower-case hex digits that never start with a digit-only short form (a CLI would take it for a number). */
export const newId = (): string => {
  const id = randomBytes(32).toString("hex")
  return /^\d{12}/.test(id) ? newId() : id
}

const MILLION = 1_000_000n

/** Docker's "never". */
export const zeroTime = "0001-01-01T00:00:00Z"

/** RFC 3339 with nine digits, UTC. */
export const timeOfNanos = (nanos: bigint): string =>
  `${new Date(Number(nanos / MILLION)).toISOString().slice(0, 19)}.${String(nanos % (MILLION * 1000n)).padStart(9, "0")}Z`

let last = 0n

/** Now in nanoseconds; two calls never give the same value, so that events and records keep their order. */
export const nowNanos = (): bigint => {
  const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000_000))
  last = now > last ? now : last + 1n
  return last
}

export const nowTime = (): string => timeOfNanos(nowNanos())
