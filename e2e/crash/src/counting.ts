import { Violation } from "./api.ts"

const HEADER_BYTES = 8

/** The lines of a multiplexed log stream. */
export const linesOf = (body: Buffer): ReadonlyArray<string> => {
  const parts: Array<Buffer> = []
  for (let offset = 0; offset + HEADER_BYTES <= body.length;) {
    const size = body.readUInt32BE(offset + 4)
    parts.push(body.subarray(offset + HEADER_BYTES, offset + HEADER_BYTES + size))
    offset += HEADER_BYTES + size
  }
  return Buffer.concat(parts)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
}

/** A counter counts by ones; each run starts at 0; `end` closes a run. Anything else is a gap or a repeat. */
export const checkCounting = (
  name: string,
  lines: ReadonlyArray<string>,
  runs: { readonly least: number; readonly most: number }
): void => {
  const starts = lines.filter((line) => line === "0").length
  if (starts > runs.most)
    throw new Violation(`the log of ${name} begins ${starts} times, it was started ${runs.most} times`)
  let next = 0
  lines.forEach((line, at) => {
    const isNewRun = line === "0" && (next === 0 || runs.most > 1)
    if (line !== "end" && line !== String(next) && !isNewRun) {
      const near = lines.slice(Math.max(0, at - 3), at + 3).join(" ")
      throw new Violation(`the log of ${name} has a gap or a repeat at line ${at}: … ${near} …`)
    }
    next = line === "end" ? 0 : Number(line) + 1
  })
}
