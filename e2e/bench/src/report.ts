import { type Figure, isReached } from "./figure.ts"
import { ratioOf } from "./sample.ts"

/** Circumstances of a run that the table alone does not tell. */
export interface Circumstances {
  readonly facts: ReadonlyArray<string>
  readonly loadBefore: string
  readonly loadAfter: string
}

const SIGNIFICANT_DIGITS = 3

const amount = (value: number | undefined, unit: Figure["unit"]): string => {
  if (value === undefined) return "–"
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(SIGNIFICANT_DIGITS)
  return `${text} ${unit}`
}

const ratioText = (figure: Figure): string => {
  const ratio = ratioOf(figure)
  return ratio === undefined ? "–" : `${ratio.toFixed(2)} ×`
}

const targetText = ({ target, unit }: Figure): string => {
  if (target === undefined) return "–"
  const sign = target.wants === "at most" ? "≤" : "≥"
  return "value" in target ? `${sign} ${target.value} ${unit}` : `${sign} ${target.ratio} ×`
}

const reachedText = (figure: Figure): string => {
  const reached = isReached(figure)
  return reached === undefined ? "–" : reached ? "yes" : "no"
}

const rowOf = (figure: Figure): string =>
  `| ${[
    figure.name,
    amount(figure.ours, figure.unit),
    amount(figure.theirs, figure.unit),
    ratioText(figure),
    targetText(figure),
    reachedText(figure)
  ].join(" | ")} |`

/** One figure as a line of text for the terminal. */
export const lineOf = (figure: Figure): string => {
  const target = targetText(figure) === "–" ? "" : `  (target ${targetText(figure)}: ${reachedText(figure)})`
  const ours = amount(figure.ours, figure.unit)
  return `  ${figure.name}: ${ours} against ${amount(figure.theirs, figure.unit)}, ${ratioText(figure)}${target}`
}

/** The results as a Markdown page. */
export const pageOf = (figures: ReadonlyArray<Figure>, circumstances: Circumstances): string =>
  [
    "# Results of the benchmark",
    "",
    `Medians of samples taken in turns. Throughput (MB/s) is better when higher, all else when lower. Written by \`pnpm bench\`.`,
    "",
    ...circumstances.facts.map((fact) => `- ${fact}`),
    `- load average ${circumstances.loadBefore} before, ${circumstances.loadAfter} after`,
    "",
    "| figure | sockerlessd | dockerd | ratio | target | reached |",
    "| --- | --- | --- | --- | --- | --- |",
    ...figures.map(rowOf),
    ""
  ].join("\n")
