import { Effect } from "effect"
import { spawn } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { folder } from "./folder.ts"

const program = ["/usr/bin/docker-registry", "/usr/bin/registry"].find((path) => existsSync(path))

/** Without Debian's docker-registry the tests that talk to it are skipped. */
export const hasRegistry: boolean = program !== undefined

/** The user `tester` with the password `secret`, hashed by htpasswd -B. */
const HTPASSWD = "tester:$2b$05$AQUvseFCw3nQCVpTu3v7VeMRg.b0IoLZh4uyHQTiiMwp1YSS4K6Qu\n"
const STARTS_MILLIS = 60_000

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const answers = async (url: string, millis: number): Promise<void> => {
  const end = performance.now() + millis
  while (performance.now() < end) {
    const answered = await fetch(url).then(
      (response) => response.body?.cancel().then(() => true),
      () => false
    )
    if (answered === true) return
    await setTimeout(20)
  }
  throw new Error(`no answer from ${url} within ${millis} ms`)
}

/** Starts a registry on loopback; with `password` it asks for tester and secret. Gives its address. */
export const dockerRegistry = (options: { readonly password: boolean }) =>
  Effect.gen(function* () {
    const root = yield* folder
    const port = yield* Effect.promise(freePort)
    const auth = options.password ? `auth:\n  htpasswd:\n    realm: tests\n    path: ${root}/htpasswd\n` : ""
    writeFileSync(join(root, "htpasswd"), HTPASSWD)
    writeFileSync(
      join(root, "config.yml"),
      `version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: ${root}/data}\nhttp: {addr: "127.0.0.1:${port}"}\n${auth}`
    )
    yield* Effect.acquireRelease(
      Effect.sync(() => spawn(program ?? "", ["serve", join(root, "config.yml")], { stdio: "ignore" })),
      (child) =>
        Effect.promise(() => {
          const ended = new Promise((resolve) => child.once("exit", resolve))
          child.kill("SIGKILL")
          return ended
        })
    )
    yield* Effect.promise(() => answers(`http://127.0.0.1:${port}/v2/`, STARTS_MILLIS))
    return `127.0.0.1:${port}`
  })
