import type { Write } from "./store.ts"

/** What the daemon's thread and the store's worker say to each other. Values cross as JSON text. */
export interface WorkerOptions {
  readonly file: string
  readonly ballastBytes: number
}

export type Request =
  | { readonly id: number; readonly type: "commit"; readonly writes: ReadonlyArray<Write> }
  | { readonly id: number; readonly type: "all"; readonly collection: string }
  | { readonly id: number; readonly type: "tail"; readonly log: string; readonly count: number }
  | { readonly id: number; readonly type: "trim"; readonly log: string; readonly keepLast: number }

export type Answer =
  | {
      readonly id: number
      readonly ok: true
      readonly rows: ReadonlyArray<{ readonly key: string; readonly text: string }>
    }
  | { readonly id: number; readonly ok: false; readonly reason: string }

/** The worker's first message: whether the database could be opened. */
export interface Opened {
  readonly id: 0
  readonly ok: boolean
  readonly found?: number
  readonly supported?: number
}
