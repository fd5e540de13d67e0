import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { until } from "./until.ts"

/** A registry on loopback. */
export interface Registry {
  /** `127.0.0.1:port`, as it stands in references. */
  readonly address: string
  readonly stop: () => Promise<void>
}

/** The user `tester` with the password `secret`, hashed by htpasswd -B. */
const HTPASSWD = "tester:$2b$05$AQUvseFCw3nQCVpTu3v7VeMRg.b0IoLZh4uyHQTiiMwp1YSS4K6Qu\n"

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const program = ["/usr/bin/docker-registry", "/usr/bin/registry"].find((path) => existsSync(path))

/** Whether a registry can be started here. */
export const hasRegistry = program !== undefined

/** Starts Debian's docker-registry; with `password` it asks for tester and secret. */
export const startRegistry = async (options: { readonly password?: boolean } = {}): Promise<Registry> => {
  if (program === undefined) throw new Error("the tests need a registry: install docker-registry")
  const folder = mkdtempSync(join(tmpdir(), "registry-"))
  const port = await freePort()
  writeFileSync(join(folder, "htpasswd"), HTPASSWD)
  const auth = options.password === true ? `auth:\n  htpasswd:\n    realm: tests\n    path: ${folder}/htpasswd\n` : ""
  writeFileSync(
    join(folder, "config.yml"),
    `version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: ${folder}/data}\n  delete: {enabled: true}\nhttp: {addr: "127.0.0.1:${port}"}\n${auth}`
  )
  const child = spawn(program, ["serve", join(folder, "config.yml")], { stdio: "ignore" })
  const ended = new Promise((resolve) => {
    child.once("exit", resolve)
  })
  await until("the registry answers", () =>
    fetch(`http://127.0.0.1:${port}/v2/`).then(
      () => true,
      () => undefined
    )
  )
  return {
    address: `127.0.0.1:${port}`,
    stop: async () => {
      child.kill("SIGKILL")
      await ended
      await rm(folder, { recursive: true, force: true })
    }
  }
}
