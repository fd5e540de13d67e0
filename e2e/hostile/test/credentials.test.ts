import type { RequestListener } from "node:http"
import { expect, test } from "vitest"
import { endless, freshLayer, honest, pullsOf, redirect, remoteImage, underSiege } from "@sockerless/e2e-hostile"

const { registry, pull } = pullsOf(underSiege())

/** Asks for the password, and for a bearer token where a realm is given. */
const guarded = (image: ReturnType<typeof remoteImage>, challenge: string): RequestListener =>
  honest(image, (request, response) => {
    if (request.headers.authorization === undefined) response.writeHead(401, { "WWW-Authenticate": challenge }).end()
  })

test("credentials go to the registry that asked, and not where it redirects", async () => {
  const image = remoteImage(freshLayer())
  const elsewhere = await registry(honest(image))
  const { address, seen } = await registry(
    honest(image, (request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { "WWW-Authenticate": 'Basic realm="x"' }).end()
      else if (request.url?.includes("/blobs/") === true)
        response.writeHead(307, { Location: `http://${elsewhere.address}${request.url}` }).end()
    })
  )
  expect(await pull(address, true)).toBeUndefined()
  const basic = `Basic ${Buffer.from("tester:secret").toString("base64")}`
  expect(seen.some(({ authorization }) => authorization === basic)).toBe(true)
  expect(elsewhere.seen.length).toBe(2)
  expect(elsewhere.seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined])
})

test("a token goes to the registry only, and the password to the realm only", async () => {
  const image = remoteImage(freshLayer())
  const realm = await registry((_, response) => response.end(JSON.stringify({ token: "ticket" })))
  const { address, seen } = await registry(guarded(image, `Bearer realm="http://${realm.address}/token",service="s"`))
  expect(await pull(address, true)).toBeUndefined()
  expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set([undefined, "Bearer ticket"]))
  expect(realm.seen.map(({ authorization }) => authorization)).toEqual([
    `Basic ${Buffer.from("tester:secret").toString("base64")}`
  ])
})

test("a realm that redirects elsewhere does not take the password with it", async () => {
  const image = remoteImage(freshLayer())
  const thief = await registry((_, response) => response.end(JSON.stringify({ token: "stolen" })))
  const realm = await registry(redirect("/", `http://${thief.address}/token`))
  const { address } = await registry(guarded(image, `Bearer realm="http://${realm.address}/token"`))
  await pull(address, true)
  expect(thief.seen.map(({ authorization }) => authorization)).toEqual([undefined])
})

const challenges: ReadonlyArray<readonly [string, string, RegExp]> = [
  ["a scheme nobody knows", 'Magic realm="x"', /asks for an unknown scheme$/],
  [
    "a realm that is a file",
    'Bearer realm="file:///etc/passwd"',
    /names the token realm file:\/\/\/etc\/passwd, which is not https$/
  ],
  ["a realm that is no address", 'Bearer realm="::::"', /which is not https$/],
  ["a realm on a foreign host without TLS", 'Bearer realm="http://evil.example/token"', /which is not https$/],
  ["a realm at the cloud's own address", 'Bearer realm="http://169.254.169.254/token"', /which is not https$/],
  ["no realm", "Bearer", /asks for an unknown scheme$/],
  ["a challenge beyond all lengths", `Bearer ${"a".repeat(12_000)}`, /asks for an unknown scheme$/],
  ["no challenge", "", /asks for an unknown scheme$/]
]

test.each(challenges)("%s gets no password", async (_, challenge, message) => {
  const { address, seen } = await registry(guarded(remoteImage(freshLayer()), challenge))
  expect(await pull(address, true)).toMatch(message)
  expect(seen.map(({ authorization }) => authorization)).toEqual([undefined])
})

const tokens: ReadonlyArray<readonly [string, RequestListener, RegExp]> = [
  ["without end", (_, response) => endless(response), /^token is larger than 1048576 bytes$/],
  ["that is no JSON", (_, response) => response.end("<html>"), /gave no token$/],
  ["that is no string", (_, response) => response.end('{"token":{"a":1}}'), /gave no token$/],
  ["for nobody", (_, response) => response.writeHead(403).end(), /^unauthorized: incorrect username or password/]
]

test.each(tokens)("a token %s is refused", async (_, answer, message) => {
  const realm = await registry(answer)
  const { address } = await registry(guarded(remoteImage(freshLayer()), `Bearer realm="http://${realm.address}/token"`))
  expect(await pull(address, true)).toMatch(message)
})

test("a registry that never says yes is asked a bounded number of times", async () => {
  const { address, seen } = await registry((_, response) =>
    response.writeHead(401, { "WWW-Authenticate": 'Basic realm="x"' }).end()
  )
  expect(await pull(address, true)).toMatch(/^pull access denied for /)
  expect(seen.length).toBeLessThanOrEqual(3)
})
