import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { serve } from "./stand-in.ts"

const curl = (socketPath: string, ...args: ReadonlyArray<string>) =>
  Effect.callback<string>((resume) => {
    execFile("curl", ["-s", "-i", "--unix-socket", socketPath, ...args], (error, stdout, stderr) =>
      resume(Effect.succeed(`${stdout}${stderr}${error === null ? "" : error.message}`))
    )
  })

it.live("answers the first calls of every client", () =>
  Effect.gen(function* () {
    const { socketPath } = yield* serve({})
    for (const args of [
      ["http://d/_ping"],
      ["-I", "http://d/_ping"],
      ["http://d/v1.47/version"],
      ["http://d/info"],
      ["http://d/v1.99/info"],
      ["http://d/v1.1/info"],
      ["http://d/nothing"],
      ["http://d/nodes"],
      ["-XPOST", "http://d/containers/create"],
      ["-XPOST", "-H", "Content-Type: application/json", "-d", "{}{}", "http://d/containers/create"],
      ["-XPOST", "http://d/images/x/y/z:1/tag?repo=a"],
      ["http://d/containers/a/logs"],
      ["-XPOST", "http://d/exec/a/start"]
    ]) {
      console.log(args.join(" "), yield* curl(socketPath, ...args))
    }
    assert.ok(true)
  })
)
