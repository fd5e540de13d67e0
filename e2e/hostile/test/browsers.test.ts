import { expect, test } from "vitest"
import { expectRefusal, freePort, rawRequest, underSiege } from "@sockerless/e2e-hostile"

const port = await freePort()
const siege = underSiege({ args: ["-H", `tcp://127.0.0.1:${port}`] })

const ask = (line: string, ...headers: ReadonlyArray<string>) =>
  rawRequest(
    { host: "127.0.0.1", port },
    `${[`${line} HTTP/1.1`, "Connection: close", ...headers].join("\r\n")}\r\n\r\n`,
    { millis: 30_000 }
  )
const browser = "browsers are not Docker clients"

const foreign: ReadonlyArray<readonly [string, ReadonlyArray<string>, string | RegExp]> = [
  ["a foreign host", ["Host: evil.example"], /^Host "evil\.example" is refused: /],
  ["a foreign host with our port", [`Host: evil.example:${port}`], /^Host "evil\.example:\d+" is refused: /],
  ["a host that begins like ours", ["Host: localhost.evil.example"], /is refused: /],
  ["a host that ends like ours", ["Host: evil-localhost"], /is refused: /],
  ["a host that begins like our address", ["Host: 127.0.0.1.evil.example"], /is refused: /],
  ["another address", ["Host: 169.254.169.254"], /is refused: /],
  ["the address of all", ["Host: 0.0.0.0"], /is refused: /],
  ["an empty host", ["Host: "], /is refused: /],
  [
    "an origin",
    ["Host: localhost", "Origin: http://evil.example"],
    `requests with an Origin header are refused: ${browser}`
  ],
  ["our own origin", [`Host: localhost:${port}`, `Origin: http://localhost:${port}`], /Origin header are refused/],
  ["no origin, said so", ["Host: localhost", "Origin: null"], /Origin header are refused/],
  ["another site", ["Host: localhost", "Sec-Fetch-Site: cross-site"], `cross-site requests are refused: ${browser}`],
  ["our own site", ["Host: localhost", "Sec-Fetch-Site: same-origin"], /^cross-site requests are refused/]
]

test.each(foreign)("%s is refused on TCP, also for what changes something", async (_, headers, message) => {
  expectRefusal(await ask("GET /_ping", ...headers), 403, message)
  expectRefusal(await ask("POST /containers/prune", ...headers, "Content-Length: 0"), 403, message)
  expectRefusal(await ask("OPTIONS /containers/create", ...headers), 403, message)
  const upgrade = ["Connection: Upgrade", "Upgrade: tcp", "Content-Length: 0"]
  expectRefusal(await ask("POST /containers/none/attach", ...headers, ...upgrade), 403, message)
})

test.each([`127.0.0.1:${port}`, "localhost", "LOCALHOST:1", "[::1]:2375", "127.1.2.3", "app.localhost"])(
  "%s is served on TCP",
  async (host) => {
    expect((await ask("GET /_ping", `Host: ${host}`)).status).toBe(200)
  }
)

test("two hosts, one of them ours, are none", async () => {
  expectRefusal(await ask("GET /_ping", "Host: localhost", "Host: evil.example"), 400, "too many Host headers")
})

test("nothing lets a page read an answer", async () => {
  const reply = await ask("GET /version", "Host: localhost")
  expect(reply.text).not.toMatch(/access-control/i)
})

test("over the unix socket no name is foreign", async () => {
  expect((await siege.send("GET /_ping HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")).status).toBe(200)
})
