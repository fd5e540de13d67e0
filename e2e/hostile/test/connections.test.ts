import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { trickle, underSiege, until } from "@sockerless/e2e-hostile"

const siege = underSiege()
const target = "hostile-target"
const open: Array<Socket> = []

beforeAll(() => siege.docker.ok("run", "-d", "-i", "--name", target, "busybox", "cat"))
afterAll(() => open.forEach((socket) => socket.destroy()))

/** Of util-linux. */
const LIMITER = "prlimit"
const json = "Content-Type: application/json"
const post = (path: string, ...headers: ReadonlyArray<string>): string =>
  `${[`POST ${path} HTTP/1.1`, "Host: d", ...headers].join("\r\n")}\r\n\r\n`
const slowly = (bytes: string) => ({ bytes, everyMillis: 250 })
const lateHead = /^HTTP\/1\.1 408 [^]*\{"message":"request timeout: the request head did not arrive in time"\}\n$/
const lateBody = /^HTTP\/1\.1 400 [^]*\{"message":"the request body did not arrive within 10 s"\}\n$/

const slow: ReadonlyArray<readonly [string, string, string | undefined, RegExp]> = [
  ["says nothing", "", undefined, /^$/],
  ["says half a head", "GET /_ping HTTP/1.1\r\nHost: d\r\nX-Slow:", undefined, lateHead],
  ["drips its head", "GET /_ping HTTP/1.1\r\nHost: d\r\n", "X: y\r\n", lateHead],
  ["drips its target", "GET /_ping?", "a", lateHead],
  ["sends no body", post("/containers/create", json, "Content-Length: 100"), undefined, lateBody],
  ["drips its body", post("/containers/create", json, "Content-Length: 100000"), "  ", lateBody],
  ["drips its chunks", post("/containers/create", json, "Transfer-Encoding: chunked"), "1\r\n \r\n", lateBody],
  ["drips the body of an exec", post("/exec/none/start", json, "Content-Length: 100000"), "  ", lateBody],
  ["drips the chunks of an exec", post("/exec/none/start", json, "Transfer-Encoding: chunked"), "1\r\n \r\n", lateBody],
  [
    "drips the body of an upgrade",
    post("/exec/none/start", json, "Connection: Upgrade", "Upgrade: tcp", "Content-Length: 100000"),
    "  ",
    lateBody
  ],
  ["drips the body of a start", post(`/containers/${target}/start`, json, "Content-Length: 100000"), "  ", lateBody]
]

test("whoever is slow is told so and closed after ten seconds", async () => {
  const outcomes = await Promise.all(
    slow.map(async ([what, first, drops, expected]) => {
      const { text, seconds } = await trickle(
        siege.daemon.socket,
        first,
        drops === undefined ? undefined : slowly(drops)
      )
      return { what, text: expected.test(text) ? "as expected" : text, early: seconds < 9 }
    })
  )
  expect(outcomes).toEqual(slow.map(([what]) => ({ what, text: "as expected", early: false })))
})

const limitOf = (pid: number): number =>
  Number(/Max open files\s+(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1])

const connectMany = async (count: number): Promise<ReadonlyArray<Socket>> => {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(siege.daemon.socket)
    socket.on("error", () => undefined)
    return socket
  })
  open.push(...sockets)
  await until("all are connected or closed", () =>
    sockets.every((socket) => socket.destroyed || !socket.connecting) ? true : undefined
  )
  return sockets
}

test("thousands of idle connections leave room for work", async () => {
  const count = Math.min(3000, Math.floor(limitOf(siege.daemon.pid()) / 2), Math.floor(limitOf(process.pid) / 2))
  const before = siege.openFiles()
  const sockets = await connectMany(count)
  expect((await siege.ask({ path: "/_ping" })).status).toBe(200)
  expect(await siege.docker.ok("run", "--rm", "busybox", "echo", "room")).toBe("room")
  for (const socket of sockets) socket.destroy()
  await until("they are forgotten", () => (siege.openFiles() <= before + 5 ? true : undefined), 30_000)
})

const upgrade = ["Connection: Upgrade", "Upgrade: tcp", "Content-Length: 0"]
const attach = post(`/containers/${target}/attach?stream=1&stdin=1&stdout=1`, ...upgrade)

test("clients that reset in the middle of a taken connection leave nothing open, and the container runs", async () => {
  const before = siege.openFiles()
  const exec = await siege.docker.ok("ps", "-q", "--no-trunc", "--filter", `name=${target}`)
  const requests = [
    attach,
    attach.slice(0, 60),
    `${attach}some input\n`,
    `${post(`/containers/${exec}/attach?stream=1&stdin=1&stdout=1`, "Transfer-Encoding: chunked")}5\r\nab`,
    post(`/containers/${target}/wait`),
    "GET /events HTTP/1.1\r\nHost: d\r\n\r\n",
    `GET /containers/${target}/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: d\r\n\r\n`,
    `GET /containers/${target}/stats HTTP/1.1\r\nHost: d\r\n\r\n`,
    `GET /containers/${target}/archive?path=/ HTTP/1.1\r\nHost: d\r\n\r\n`,
    "GET /images/busybox/get HTTP/1.1\r\nHost: d\r\n\r\n",
    `GET /containers/${target}/export HTTP/1.1\r\nHost: d\r\n\r\n`
  ]
  for (let round = 0; round < 4; round++) await Promise.all(requests.map(siege.abandon))
  expect(await siege.docker.ok("exec", target, "echo", "alive")).toBe("alive")
  // A client that closed for good looks like one that ended its input, until there is something to write.
  await siege.docker.ok("kill", target)
  await until("all is closed", () => (siege.openFiles() <= before ? true : undefined), 30_000)
})

test("standard input that nobody reads to its end does not hold the client", async () => {
  const input = Buffer.alloc(20_000_000, "x\n")
  const { code, stdout } = await siege.docker.run(["run", "--rm", "-i", "busybox", "head", "-n", "1"], { input })
  expect({ code, stdout }).toEqual({ code: 0, stdout: "x\n" })
  expect((await siege.docker.run(["run", "--rm", "-i", "busybox", "false"], { input })).code).toBe(1)
})

test("more connections than there are descriptors end when they end, and nothing else does", async () => {
  const before = siege.openFiles()
  execFileSync(LIMITER, ["--pid", String(siege.daemon.pid()), `--nofile=${before + 200}:${before + 200}`])
  const sockets = await connectMany(Math.min(1000, Math.floor(limitOf(process.pid) / 2)))
  for (const socket of sockets) socket.destroy()
  await until("they are forgotten", () => (siege.openFiles() <= before + 5 ? true : undefined), 30_000)
  expect(await siege.docker.ok("run", "--rm", "busybox", "echo", "again")).toBe("again")
})
