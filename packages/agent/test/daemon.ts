import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { AgentLink } from "@sockerless/agent-link"
import { Effect } from "effect"

/**
 * A daemon as a process of its own, to be killed: waits for one workload, writes its claims, its port and the end of
 * the workload into a folder.
 */
const [folder = "", subject = "", secret = "", epoch = "1"] = process.argv.slice(2)
const claims = join(folder, "claims")

const program = Effect.gen(function* () {
  const link = yield* AgentLink
  const workload = yield* link.expect(subject, 1, join(folder, "log"))
  writeFileSync(join(folder, "port"), String(link.port))
  const exit = yield* Effect.promise(() => workload.main.exit)
  writeFileSync(join(folder, "exit"), String(exit.exitCode))
  workload.main.done()
  return yield* Effect.never
})

await Effect.runPromise(
  program.pipe(
    Effect.scoped,
    Effect.provide(
      AgentLink.layer({
        host: "127.0.0.1",
        port: 0,
        secret,
        epoch: Number(epoch),
        claim: async (_, __, claimant) => {
          if (!existsSync(claims)) appendFileSync(claims, claimant)
          return readFileSync(claims, "utf8") === claimant
        }
      })
    )
  )
)
