import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { connect } from "node:net"
import { rawClient } from "./raw-client.ts"
import { serve } from "./stand-in.ts"

const post = (path: string, body: string, headers: ReadonlyArray<string> = ["Content-Type: application/json"]) =>
  [
    `POST ${path} HTTP/1.1`,
    "Host: d",
    "Connection: close",
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body
  ].join("\r\n")

/** Sends bytes on a fresh connection and gives back all that came before the server closed it. */
const exchange = (socketPath: string, request: string | Buffer) =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = yield* rawClient(socketPath)
      client.socket.write(request)
      return yield* client.closed
    })
  )

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`

it.live("bad JSON of every kind is a 400 that says what is wrong", () =>
  Effect.gen(function* () {
    const { socketPath } = yield* serve({})
    const create = "/containers/create"
    const cases: ReadonlyArray<readonly [string, RegExp]> = [
      [post(create, '{"Image":"a"}{"HostConfig":{"Privileged":true}}'), /400[^]*unexpected content after JSON/],
      [post(create, "[".repeat(100_000)), /400[^]*invalid JSON: exceeded max depth/],
      [post(create, "{"), /400[^]*invalid JSON: /],
      [post(create, ""), /400[^]*got EOF while reading request body/],
      [post(create, "{}", []), /400[^]*malformed Content-Type header \(\): mime: no media type/],
      [post(create, "{}", ["Content-Type: text/plain"]), /400[^]*unsupported Content-Type header \(text\/plain\)/],
      [
        post(create, '{"HostConfig":{"Memory":"1g"}}'),
        /400[^]*json: cannot unmarshal string into Go struct field CreateRequest.HostConfig.Memory of type int64/
      ],
      [post("/exec/a/start", "{"), /400[^]*invalid JSON/]
    ]
    for (const [request, expected] of cases) assert.match(yield* exchange(socketPath, request), expected)
    assert.match(yield* exchange(socketPath, get("/_ping")), /200 OK/)
  })
)

it.live("a document beyond eight MiB is refused by its announced size, or as soon as it passes it", () =>
  Effect.gen(function* () {
    const { socketPath } = yield* serve({})
    const head = "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
    assert.match(yield* exchange(socketPath, `${head}Content-Length: 268435456\r\n\r\n{`), /^HTTP\/1.1 413 /)
    const piece = `${(1024 * 1024).toString(16)}\r\n${" ".repeat(1024 * 1024)}\r\n`
    assert.match(
      yield* exchange(socketPath, `${head}Transfer-Encoding: chunked\r\n\r\n${piece.repeat(9)}`),
      /^HTTP\/1.1 413 /
    )
  })
)

it.live("malformed and smuggled framing is a 400 and the end of the connection", () =>
  Effect.gen(function* () {
    const { socketPath } = yield* serve({})
    const smuggled = "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
    const requests = [
      `POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n${smuggled}`,
      "GET /_ping HTTP/1.1\r\nBad Header\r\n\r\n",
      "\u0000\u0001\u0002\r\n\r\n",
      "GET /_ping HTTP/1.1\r\n\r\n".replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    ]
    for (const request of requests) {
      const answer = yield* exchange(socketPath, request)
      assert.match(answer, /^HTTP\/1.1 400 /)
      assert.strictEqual(answer.split("HTTP/1.1 ").length, 2, answer)
      assert.notMatch(answer, /\r\n\r\nOK/)
    }
    assert.match(
      yield* exchange(socketPath, `GET /_ping HTTP/1.1\r\nHost: d\r\nX: ${"a".repeat(2 * 1024 * 1024)}\r\n\r\n`),
      /^HTTP\/1.1 431 /
    )
  })
)

it.live("a client that speaks HTTP/2 at once gets a GOAWAY with the reason", () =>
  Effect.gen(function* () {
    const { socketPath } = yield* serve({})
    const answer = yield* exchange(socketPath, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert.match(answer, /HTTP\/1.1 only$/)
  })
)

it.live("a request head that never ends is answered 408 after ten seconds, an unused connection in silence", () =>
  Effect.gen(function* () {
    const { socketPath } = yield* serve({})
    const halfOpen = yield* rawClient(socketPath)
    const unused = yield* rawClient(socketPath)
    halfOpen.socket.write("GET /_ping HTTP/1.1\r\nHost: d\r\nX-Slow:")
    yield* Effect.sleep(11_000)
    assert.match(yield* halfOpen.closed, /^HTTP\/1.1 408 /)
    assert.strictEqual(unused.received(), "")
  })
)

it.live("queries and filters that mean nothing are refused by name", () =>
  Effect.gen(function* () {
    const { socketPath } = yield* serve({ containers: { list: () => Effect.succeed([]) } })
    const filters = (value: string) => get(`/containers/json?filters=${encodeURIComponent(value)}`)
    assert.match(yield* exchange(socketPath, filters("{")), /400[^]*invalid filter/)
    assert.match(yield* exchange(socketPath, filters('{"label":3}')), /400[^]*invalid filter/)
    assert.match(
      yield* exchange(socketPath, get("/containers/json?limit=abc")),
      /400[^]*parsing \\"abc\\": invalid syntax/
    )
    assert.match(yield* exchange(socketPath, get("/containers/json?limit=-5")), /200 OK[^]*\[\]\n$/)
    assert.match(yield* exchange(socketPath, post("/containers/a/resize?h=1&w=abc", "")), /400[^]*invalid resize width/)
    assert.match(
      yield* exchange(socketPath, post("/containers/a/wait?condition=x", "")),
      /400[^]*invalid condition: \\"x\\"/
    )
    assert.match(yield* exchange(socketPath, get("/containers/..%2f..%2fetc%2fpasswd")), /404[^]*page not found/)
    assert.match(yield* exchange(socketPath, get("http://169.254.169.254/latest")), /404[^]*page not found/)
    assert.match(
      yield* exchange(socketPath, "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n"),
      /^HTTP\/1.1 405 /
    )
  })
)

it.live("on TCP a foreign Host, an Origin and a cross-site request are refused; loopback names are served", () =>
  Effect.gen(function* () {
    const { api } = yield* serve({})
    const server = api.createServer("tcp")
    const port = yield* Effect.acquireRelease(
      Effect.callback<number>((resume) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
        })
      }),
      () => Effect.sync(() => server.close())
    )
    const status = (...headers: ReadonlyArray<string>) =>
      Effect.callback<string>((resume) => {
        const socket = connect(port, "127.0.0.1")
        let answer = ""
        socket.on("data", (chunk) => (answer += chunk.toString()))
        socket.on("end", () => resume(Effect.succeed(answer.slice(9, 12))))
        socket.write(`GET /_ping HTTP/1.1\r\n${headers.join("\r\n")}\r\nConnection: close\r\n\r\n`)
      })
    assert.strictEqual(yield* status("Host: evil.example"), "403")
    assert.strictEqual(yield* status("Host: localhost:1", "Origin: http://evil.example"), "403")
    assert.strictEqual(yield* status("Host: localhost:1", "Sec-Fetch-Site: cross-site"), "403")
    assert.strictEqual(yield* status(`Host: 127.0.0.1:${port}`), "200")
    assert.strictEqual(yield* status("Host: [::1]:2375"), "200")
    assert.strictEqual(yield* status("Host: localhost"), "200")
  })
)
