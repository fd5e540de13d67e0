import type { Figure } from "./figure.ts"

/** How much is measured: the whole, or a small form that shows that every case works. */
export interface Extent {
  readonly quick: boolean
  /** The first number in a whole run, the second in a quick one. */
  readonly choose: (whole: number, quick: number) => number
}

/** One thing that is measured; it makes all it needs and leaves nothing behind. */
export interface Case {
  readonly name: string
  readonly measure: (extent: Extent) => Promise<ReadonlyArray<Figure>>
}
