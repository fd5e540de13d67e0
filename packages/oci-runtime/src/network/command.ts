import { Effect } from "effect"
import { runCommand } from "../container/run-command.ts"
import { NetworkFailed } from "./faults.ts"

const packageOf: Readonly<Record<string, string>> = { nft: "nftables", ip: "iproute2", nsenter: "util-linux" }

/** Runs a network tool and gives its output. A missing tool is named with the package that holds it. */
export const runTool = (command: ReadonlyArray<string>, input?: string): Effect.Effect<string, NetworkFailed> => {
  const [tool = ""] = command
  return runCommand(command, input === undefined ? {} : { input }).pipe(
    Effect.mapError((fault) =>
      fault.reason.includes("ENOENT")
        ? new NetworkFailed({
            step: command.join(" "),
            reason: `${tool} is not installed; install the package ${packageOf[tool] ?? tool}`
          })
        : new NetworkFailed({ step: command.join(" "), reason: fault.reason })
    ),
    Effect.flatMap((done) =>
      done.code === 0
        ? Effect.succeed(done.stdout)
        : Effect.fail(new NetworkFailed({ step: command.join(" "), reason: done.stderr.trim() || `exit ${done.code}` }))
    )
  )
}

/** Runs iproute2 commands in one process; `force` goes on after a failing line, for removals of what may be gone. */
export const runIpBatch = (lines: ReadonlyArray<string>, force = false): Effect.Effect<void, NetworkFailed> =>
  lines.length === 0
    ? Effect.void
    : runTool(["ip", ...(force ? ["-force"] : []), "-batch", "-"], `${lines.join("\n")}\n`).pipe(
        Effect.asVoid,
        Effect.catchIf(
          () => force,
          () => Effect.void
        )
      )

/** Runs a nft script as one transaction: all of it or nothing. */
export const runNft = (script: string): Effect.Effect<void, NetworkFailed> =>
  Effect.asVoid(runTool(["nft", "-f", "-"], script))
