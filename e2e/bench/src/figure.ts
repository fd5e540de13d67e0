import { type Sampled, ratioOf } from "./sample.ts"

/** What issue-level promises ask of a figure: at most so much of our own, or so much against dockerd. */
export type Target =
  | { readonly ratio: number; readonly wants: "at most" | "at least" }
  | { readonly value: number; readonly wants: "at most" }

/** One line of the results: a median of ours, one of dockerd's where it was there to be measured. */
export interface Figure {
  readonly name: string
  readonly unit: "ms" | "s" | "MB" | "MB/s"
  readonly ours: number
  readonly theirs: number | undefined
  readonly target?: Target
}

/** A figure from interleaved samples; `scale` turns the samples' unit into the figure's. */
export const figureOf = (
  name: string,
  unit: Figure["unit"],
  sampled: Sampled,
  target?: Target,
  scale: (sample: number) => number = (sample) => sample
): Figure => ({
  name,
  unit,
  ours: scale(sampled.ours),
  theirs: sampled.theirs === undefined ? undefined : scale(sampled.theirs),
  ...(target === undefined ? {} : { target })
})

/** Whether the target is reached; undefined when the figure has none, or dockerd was not there to compare with. */
export const isReached = (figure: Figure): boolean | undefined => {
  const { target } = figure
  if (target === undefined) return undefined
  if ("value" in target) return figure.ours <= target.value
  const ratio = ratioOf(figure)
  if (ratio === undefined) return undefined
  return target.wants === "at most" ? ratio <= target.ratio : ratio >= target.ratio
}
