import { Effect } from "effect"
import { processesIn } from "./cgroups.ts"
import type { Tools } from "./detect.ts"
import { RuntimeFailed } from "./faults.ts"
import { runCommand } from "./run-command.ts"

export interface ProcessTable {
  readonly titles: ReadonlyArray<string>
  readonly processes: ReadonlyArray<ReadonlyArray<string>>
}

/** ps prints as many columns as titles; the last one holds spaces. */
const columns = (line: string, count: number): ReadonlyArray<string> => {
  const words = line.trim().split(/\s+/)
  return [...words.slice(0, count - 1), words.slice(count - 1).join(" ")]
}

/**
 * The container's processes as the host's `ps` shows them with these arguments, `-ef` by default. The output must have
 * a PID column, because that is how the container's rows are found.
 */
export const top = Effect.fn("oci.top")(function* (
  tools: Tools,
  cgroupPath: string,
  psArguments: string
): Effect.fn.Return<ProcessTable, RuntimeFailed> {
  const args = psArguments.trim() === "" ? ["-ef"] : psArguments.trim().split(/\s+/)
  const finished = yield* runCommand(["ps", ...args])
  if (finished.code !== 0) {
    return yield* Effect.fail(
      new RuntimeFailed({ step: `error running ps ${args.join(" ")}`, reason: finished.stderr.trim() })
    )
  }
  const [header = "", ...lines] = finished.stdout.trimEnd().split("\n")
  const titles = header.trim().split(/\s+/)
  const pidColumn = titles.indexOf("PID")
  if (pidColumn === -1) {
    return yield* Effect.fail(
      new RuntimeFailed({ step: "read the process list", reason: "Couldn't find PID field in ps output" })
    )
  }
  const members = new Set(processesIn(tools.cgroups, cgroupPath).map(String))
  const rows = lines.map((line) => columns(line, titles.length))
  return { titles, processes: rows.filter((row) => members.has(row[pidColumn] ?? "")) }
})
