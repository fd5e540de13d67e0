import { createHmac } from "node:crypto"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, it } from "@effect/vitest"
import { Dispatcher } from "@sockerless/bleephub-core"
import { payloads, urlsOf } from "../src/index.ts"
import { openWorld } from "./kit/world.ts"

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server that keeps what it is told. */
const openListener = async () => {
  const received: Array<Received> = []
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString("utf8") })
      response.end("thanks")
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

it("a hook is told of what it asked for, signed, once, with a log that can be sent again", async () => {
  await using world = await openWorld()
  await using listener = await openListener()
  const dispatcher = new Dispatcher(
    world.hub,
    payloads(world.hub, () => urlsOf("http", "hub.test")),
    (error) => assert.fail(String(error))
  )
  const delivered = async (): Promise<void> => {
    dispatcher.wake()
    await dispatcher.idle()
  }
  await world.ask("POST", "/user/repos", { name: "alpha" })
  const hook = await world.ask("POST", "/repos/mona/alpha/hooks", {
    config: { url: listener.url, content_type: "json", secret: "s3cret" },
    events: ["issues"]
  })
  assert.deepStrictEqual([hook.status, hook.json.config.secret], [201, "********"])
  await delivered()
  assert.deepStrictEqual(
    listener.received.map((one) => one.headers["x-github-event"]),
    ["ping"]
  )
  await world.ask("POST", "/repos/mona/alpha/issues", { title: "one" })
  await world.ask("POST", "/repos/mona/alpha/issues/1/comments", { body: "not asked for" })
  await delivered()
  await delivered()
  assert.strictEqual(listener.received.length, 2)
  const [, told] = listener.received
  if (told === undefined) return assert.fail("nothing was told")
  assert.strictEqual(told.headers["x-github-event"], "issues")
  assert.strictEqual(
    told.headers["x-hub-signature-256"],
    `sha256=${createHmac("sha256", "s3cret").update(told.body).digest("hex")}`
  )
  const payload = JSON.parse(told.body)
  assert.deepStrictEqual(
    [payload.action, payload["issue"]?.title, payload["repository"]?.full_name, payload["sender"]?.login],
    ["opened", "one", "mona/alpha", "mona"]
  )
  const base = `/repos/mona/alpha/hooks/${hook.json.id}/deliveries`
  const log = await world.ask("GET", base)
  assert.deepStrictEqual(
    log.json.map((one: { event: string; status_code: number }) => [one.event, one.status_code]),
    [
      ["issues", 200],
      ["ping", 200]
    ]
  )
  const full = await world.ask("GET", `${base}/${log.json[0].id}`)
  assert.deepStrictEqual([full.json.guid, full.json.response.payload], [told.headers["x-github-delivery"], "thanks"])
  assert.strictEqual((await world.ask("POST", `${base}/${log.json[0].id}/attempts`)).status, 202)
  await delivered()
  assert.strictEqual(listener.received[2]?.headers["x-github-delivery"], told.headers["x-github-delivery"])
  assert.strictEqual(listener.received[2]?.body, told.body)
})
