import type { FaultKind } from "@sockerless/faults"

/** The one place where a kind of fault becomes an HTTP status. */
export const statusOf = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  "not-modified": 304,
  conflict: 409,
  "too-large": 413,
  failed: 500,
  "not-implemented": 501,
  unavailable: 503
} as const satisfies Record<FaultKind, number>
