import type { Viewer } from "@sockerless/bleephub-core"

const HOUR = 3_600_000
const LIMIT = 5000
const ANONYMOUS_LIMIT = 60

export interface Window {
  readonly limit: number
  readonly used: number
  /** Milliseconds since 1970. */
  readonly reset: number
}

/** Counts requests as GitHub does and refuses nobody: clients see truthful headers and tests never wait. */
export class Limits {
  readonly #windows = new Map<number, Window>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** The window of whoever asks, as it is. */
  read(viewer: Viewer): Window {
    const known = this.#windows.get(viewer.token?.id ?? 0)
    if (known !== undefined && known.reset > this.#now()) return known
    return { limit: viewer.token === null ? ANONYMOUS_LIMIT : LIMIT, used: 0, reset: this.#now() + HOUR }
  }

  /** The window after one more request. */
  take(viewer: Viewer): Window {
    const before = this.read(viewer)
    const after = { ...before, used: Math.min(before.used + 1, before.limit) }
    this.#windows.set(viewer.token?.id ?? 0, after)
    return after
  }
}
