import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { PassThrough } from "node:stream"
import { rawClient } from "./raw-client.ts"
import { serve } from "./stand-in.ts"

const session = (tty = false) => {
  const output = new PassThrough()
  const input = new PassThrough()
  const typed: Array<Buffer> = []
  input.on("data", (chunk: Buffer) => typed.push(chunk))
  return { output, input, tty, typed: () => Buffer.concat(typed).toString(), ended: () => input.readableEnded }
}

const attach = (path: string, headers: ReadonlyArray<string> = ["Connection: Upgrade", "Upgrade: tcp"]) =>
  [`POST ${path} HTTP/1.1`, "Host: d", ...headers, "", ""].join("\r\n")

it.live("attach upgrades with Docker's own status line, and the client's half-close is stdin's end only", () =>
  Effect.gen(function* () {
    const process = session()
    const { socketPath } = yield* serve({ containers: { attach: () => Effect.succeed(process) } })
    const client = yield* rawClient(socketPath)
    client.socket.write(attach("/v1.51/containers/a/attach?stream=1&stdin=1&stdout=1"))
    const head = yield* client.until(/\r\n\r\n/)
    assert.match(head, /^HTTP\/1.1 101 UPGRADED\r\nContent-Type: application\/vnd.docker.multiplexed-stream\r\n/)
    assert.match(head, /\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n/)
    client.socket.end("typed")
    yield* Effect.sleep(50)
    assert.strictEqual(process.typed(), "typed")
    assert.ok(process.ended())
    process.output.write("after the half-close")
    yield* client.until(/after the half-close/)
    process.output.end("last words")
    assert.match(yield* client.closed, /last words$/)
  })
)

it.live("a terminal's stream and versions before 1.42 are raw", () =>
  Effect.gen(function* () {
    const { socketPath } = yield* serve({ containers: { attach: (ref) => Effect.succeed(session(ref === "tty")) } })
    for (const path of ["/v1.51/containers/tty/attach", "/v1.41/containers/a/attach"]) {
      const client = yield* rawClient(socketPath)
      client.socket.write(attach(path))
      assert.match(yield* client.until(/\r\n\r\n/), /Content-Type: application\/vnd.docker.raw-stream/)
    }
  })
)

it.live("without Upgrade the answer is a close-delimited 200, and what follows the body is stdin", () =>
  Effect.gen(function* () {
    const process = session()
    const { socketPath } = yield* serve({ execs: { start: () => Effect.succeed(process) } })
    const client = yield* rawClient(socketPath)
    const body = '{"Detach":false,"Tty":false}'
    client.socket.write(
      attach("/exec/abc/start", ["Content-Type: application/json", `Content-Length: ${body.length}`]) + body
    )
    const head = yield* client.until(/\r\n\r\n/)
    assert.match(head, /^HTTP\/1.1 200 OK\r\nContent-Type: application\/vnd.docker.raw-stream\r\n/)
    assert.notMatch(head, /Transfer-Encoding|Content-Length/i)
    client.socket.write("stdin bytes")
    yield* Effect.sleep(50)
    assert.strictEqual(process.typed(), "stdin bytes")
    process.output.end("out")
    assert.match(yield* client.closed, /out$/)
  })
)

it.live("the JSON of an upgrade request never leaks into stdin, however it arrives", () =>
  Effect.gen(function* () {
    const seen: Array<unknown> = []
    let process = session()
    const { socketPath } = yield* serve({
      execs: {
        start: (_id, options) =>
          Effect.sync(() => {
            seen.push(options)
            return process
          })
      }
    })
    const body = '{"Detach":false,"Tty":true}'
    const upgrade = ["Connection: Upgrade", "Upgrade: tcp", "Content-Type: application/json"]
    const sized = attach("/exec/abc/start", [...upgrade, `Content-Length: ${body.length}`])
    const chunked = attach("/exec/abc/start", [...upgrade, "Transfer-Encoding: chunked"])
    const framed = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    const deliveries = [
      [`${sized}${body}in`],
      [sized, `${body}in`],
      [sized, body.slice(0, 5), `${body.slice(5)}in`],
      [`${chunked}${framed}in`],
      [chunked, `${framed}in`]
    ]
    for (const segments of deliveries) {
      process = session()
      const client = yield* rawClient(socketPath)
      for (const segment of segments) {
        client.socket.write(segment)
        yield* Effect.sleep(20)
      }
      yield* client.until(/101 UPGRADED/)
      yield* Effect.sleep(20)
      assert.strictEqual(process.typed(), "in", JSON.stringify(segments))
    }
    assert.deepStrictEqual(
      seen,
      deliveries.map(() => ({ detach: false, tty: true }))
    )
  })
)

it.live("a fault before the hijack is an ordinary JSON error", () =>
  Effect.gen(function* () {
    const { socketPath } = yield* serve({
      containers: {
        attach: () => Effect.fail({ _tag: "Paused", kind: "conflict" as const, message: "container a is paused" })
      }
    })
    const client = yield* rawClient(socketPath)
    client.socket.write(attach("/containers/a/attach"))
    assert.match(yield* client.closed, /^HTTP\/1.1 409 Conflict[^]*\{"message":"container a is paused"\}\n$/)
  })
)

it.live("a client that goes away releases the session", () =>
  Effect.gen(function* () {
    const process = session()
    const { socketPath } = yield* serve({ containers: { attach: () => Effect.succeed(process) } })
    const client = yield* rawClient(socketPath)
    client.socket.write(attach("/containers/a/attach?stream=1&stdout=1"))
    yield* client.until(/101/)
    client.socket.destroy()
    process.output.write("x".repeat(100_000))
    yield* Effect.sleep(100)
    assert.ok(process.output.destroyed)
  })
)
