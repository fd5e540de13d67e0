import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { tlsInit } from "../src/tls/init.ts"
import { launched, until } from "./fixtures/launched.ts"

const root = process.getuid?.() === 0

const init = (dir: string, ...switches: ReadonlyArray<string>) =>
  tlsInit(
    {
      texts: new Map([["dir", dir]]),
      lists: new Map(),
      switches: new Map(switches.map((name) => [name, true])),
      positionals: ["tls", "init"]
    },
    () => undefined
  )

const ask = (port: number, files: { readonly ca: string; readonly cert?: string; readonly key?: string }) =>
  new Promise<string>((resolve) => {
    const read = (file: string | undefined) => (file === undefined ? {} : readFileSync(file))
    const call = request(
      {
        host: "127.0.0.1",
        port,
        ca: readFileSync(files.ca),
        ...(files.cert === undefined ? {} : { cert: read(files.cert) as Buffer, key: read(files.key) as Buffer })
      },
      (response) => {
        response.resume()
        response.on("end", () => resolve(String(response.statusCode)))
      }
    )
    call.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    call.end()
  })

describe("tls init", () => {
  it("writes a CA and two sets with private keys readable by the owner only, and keeps the CA when repeated", async () => {
    const dir = mkdtempSync(join(tmpdir(), "sockerlessd-tls-"))
    assert.strictEqual(await init(dir), 0)
    const authority = readFileSync(join(dir, "ca.pem"), "utf8")
    const server = readFileSync(join(dir, "server/cert.pem"), "utf8")
    for (const key of ["ca-key.pem", "server/key.pem", "client/key.pem"]) {
      assert.strictEqual(statSync(join(dir, key)).mode & 0o777, 0o600, key)
    }
    await init(dir)
    assert.strictEqual(readFileSync(join(dir, "ca.pem"), "utf8"), authority)
    assert.notStrictEqual(readFileSync(join(dir, "server/cert.pem"), "utf8"), server)
    await init(dir, "force")
    assert.notStrictEqual(readFileSync(join(dir, "ca.pem"), "utf8"), authority)
    rmSync(dir, { recursive: true })
  })

  it.skipIf(!root)(
    "lets in clients with its certificate only, and takes renewed files without a restart (needs root)",
    async () => {
      const dir = mkdtempSync(join(tmpdir(), "sockerlessd-tls-"))
      await init(dir)
      const set = (name: string) => ({
        ca: join(dir, name, "ca.pem"),
        cert: join(dir, name, "cert.pem"),
        key: join(dir, name, "key.pem")
      })
      const server = set("server")
      const run = launched([
        "-H",
        "tcp://127.0.0.1:19376",
        "--tlsverify",
        ...["--tlscacert", server.ca, "--tlscert", server.cert, "--tlskey", server.key]
      ])
      const { child, ended } = run.start()
      await until("ready", () => (run.output().includes('"msg":"ready"') ? true : undefined))
      assert.strictEqual(await ask(19376, set("client")), "200")
      assert.notStrictEqual(await ask(19376, { ca: server.ca }), "200")
      await init(dir, "force")
      await until("renewed", async () => ((await ask(19376, set("client"))) === "200" ? true : undefined))
      child.kill("SIGTERM")
      await ended
      run.remove()
      rmSync(dir, { recursive: true })
    }
  )
})
