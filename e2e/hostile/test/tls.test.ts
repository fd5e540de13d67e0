import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { connect as connectPlain } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, type ConnectionOptions } from "node:tls"
import { dockerCli } from "@sockerless/e2e-kit"
import { afterAll, expect, test } from "vitest"
import { freePort, underSiege } from "@sockerless/e2e-hostile"

const program = new URL("../../../apps/sockerlessd/dist/main.js", import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), "hostile-tls-"))
const ours = join(folder, "ours")
const theirs = join(folder, "theirs")
for (const dir of [ours, theirs])
  execFileSync(process.execPath, [program, "tls", "init", "--dir", dir, "--hosts", "127.0.0.1,localhost"])

const port = await freePort()
const server = join(ours, "server")
const siege = underSiege({
  args: [
    ...["-H", `tcp://127.0.0.1:${port}`, "--tlsverify", "--tlscacert", join(server, "ca.pem")],
    ...["--tlscert", join(server, "cert.pem"), "--tlskey", join(server, "key.pem")]
  ]
})
afterAll(() => rmSync(folder, { recursive: true }))

const identity = (dir: string): ConnectionOptions => ({
  cert: readFileSync(join(dir, "cert.pem")),
  key: readFileSync(join(dir, "key.pem"))
})
const ping = (...headers: ReadonlyArray<string>): string =>
  `${["GET /_ping HTTP/1.1", "Host: localhost", "Connection: close", ...headers].join("\r\n")}\r\n\r\n`

/** What an HTTP client with these certificates gets; the error where there is no connection. */
const ask = (options: ConnectionOptions, request = ping()): Promise<string> =>
  new Promise((resolve) => {
    let text = ""
    const socket = connect({
      host: "127.0.0.1",
      port,
      ca: readFileSync(join(ours, "ca.pem")),
      servername: "localhost",
      ...options
    })
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1")
    })
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(`refused: ${error.code}`))
    socket.once("close", () => resolve(text))
    socket.write(request)
  })

test("a client of our authority is served", async () => {
  expect(await ask(identity(join(ours, "client")))).toMatch(/^HTTP\/1\.1 200 OK[^]*OK$/)
})

const strangers: ReadonlyArray<readonly [string, ConnectionOptions]> = [
  ["no certificate", {}],
  ["a certificate of another authority", identity(join(theirs, "client"))],
  ["the server's own certificate", identity(join(ours, "server"))],
  [
    "a protocol of the past",
    { ...identity(join(ours, "client")), maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" }
  ]
]

test.each(strangers)("a client with %s is refused before it is heard", async (_, options) => {
  expect(await ask(options)).toMatch(/^$|^refused: (ERR_SSL_|EPROTO|ECONNRESET)/)
})

test("a page is refused over TLS too", async () => {
  expect(await ask(identity(join(ours, "client")), ping("Origin: http://evil.example"))).toMatch(/^HTTP\/1\.1 403 /)
})

/** What plain bytes get at the TLS listener. */
const plain = (bytes: string): Promise<string> =>
  new Promise((resolve) => {
    let text = ""
    const socket = connectPlain(port, "127.0.0.1", () => socket.write(bytes, "latin1"))
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1")
    })
    socket.on("error", () => undefined)
    socket.once("close", () => resolve(text))
  })

test("a client that speaks no TLS learns nothing", async () => {
  for (const bytes of [ping(), "\0".repeat(1000), randomBytes(2000).toString("latin1")]) {
    expect(await plain(bytes)).not.toMatch(/HTTP|Docker|Sockerless|sockerless/)
  }
})

test("a handshake that is never finished is closed", async () => {
  const answers = await Promise.all([plain(""), plain("\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00FC\u0003\u0003")])
  expect(answers).toEqual(["", ""])
})

const docker = dockerCli(`tcp://127.0.0.1:${port}`, {
  DOCKER_TLS_VERIFY: "1",
  DOCKER_CERT_PATH: join(ours, "client")
})

test("output arrives whole over TLS, to its last byte", async () => {
  const rounds = Array.from({ length: 12 }, async (_, round) => {
    const { code, stdout } = await docker.run([
      "run",
      "--rm",
      "busybox",
      "sh",
      "-c",
      `seq ${1000 * round}; echo the end`
    ])
    return { code, length: stdout.length, last: stdout.trimEnd().split("\n").at(-1) }
  })
  const digits = (count: number) => Array.from({ length: count }, (_, at) => `${at + 1}\n`).join("").length
  expect(await Promise.all(rounds)).toEqual(
    rounds.map((_, round) => ({ code: 0, length: digits(1000 * round) + "the end\n".length, last: "the end" }))
  )
})

test("standard input and output of ten megabytes pass through TLS unchanged", async () => {
  const input = randomBytes(10_000_000)
  const hash = createHash("sha256")
  const { code } = await docker.run(["run", "--rm", "-i", "busybox", "cat"], {
    input,
    onStdout: (chunk) => void hash.update(chunk),
    millis: 60_000
  })
  expect(code).toBe(0)
  expect(hash.digest("hex")).toBe(createHash("sha256").update(input).digest("hex"))
})

test("the unix socket needs no certificate", async () => {
  expect((await siege.ask({ path: "/_ping" })).status).toBe(200)
})
