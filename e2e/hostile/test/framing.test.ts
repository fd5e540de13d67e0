import { expect, test } from "vitest"
import { expectRefusal, requestBytes, underSiege } from "@sockerless/e2e-hostile"

const siege = underSiege()

const post = (...headers: ReadonlyArray<string>): string =>
  `${["POST /containers/create HTTP/1.1", "Host: d", "Content-Type: application/json", ...headers].join("\r\n")}\r\n\r\n`
const attach = (...headers: ReadonlyArray<string>): string =>
  `${["POST /containers/none/attach HTTP/1.1", "Host: d", ...headers].join("\r\n")}\r\n\r\n`
const get = (target: string, ...headers: ReadonlyArray<string>): string =>
  `${[`GET ${target} HTTP/1.1`, "Host: d", "Connection: close", ...headers].join("\r\n")}\r\n\r\n`
/** What a smuggler wants to be read as a request of its own. */
const smuggled = get("/_ping")
const chunked = "Transfer-Encoding: chunked"
const malformed = "malformed HTTP request"

const requests: ReadonlyArray<readonly [string, string, number, string | RegExp]> = [
  ["a length and chunks", `${post("Content-Length: 5", chunked)}0\r\n\r\n${smuggled}`, 400, malformed],
  ["chunks and a length", `${post(chunked, "Content-Length: 5")}0\r\n\r\n${smuggled}`, 400, malformed],
  ["two lengths", `${post("Content-Length: 5", "Content-Length: 6")}${smuggled}`, 400, malformed],
  ["one length twice", `${post("Content-Length: 2", "Content-Length: 2")}{}${smuggled}`, 400, malformed],
  ["a list of lengths", `${post("Content-Length: 5, 6")}${smuggled}`, 400, malformed],
  ["a negative length", `${post("Content-Length: -5")}${smuggled}`, 400, malformed],
  ["a signed length", `${post("Content-Length: +5")}12345${smuggled}`, 400, malformed],
  ["a hexadecimal length", `${post("Content-Length: 0x5")}12345${smuggled}`, 400, malformed],
  ["a length beyond all numbers", post("Content-Length: 99999999999999999999999"), 400, malformed],
  [
    "an unknown encoding",
    `${post("Transfer-Encoding: xchunked")}0\r\n\r\n${smuggled}`,
    400,
    'unsupported transfer encoding: "xchunked"'
  ],
  [
    "an encoding before chunks",
    `${post("Transfer-Encoding: gzip, chunked")}0\r\n\r\n${smuggled}`,
    400,
    'unsupported transfer encoding: "gzip, chunked"'
  ],
  ["an encoding after chunks", `${post("Transfer-Encoding: chunked, gzip")}0\r\n\r\n${smuggled}`, 400, malformed],
  ["chunks twice", `${post(chunked, chunked)}0\r\n\r\n${smuggled}`, 400, malformed],
  ["a blank before the colon", `${post("Transfer-Encoding : chunked")}0\r\n\r\n${smuggled}`, 400, malformed],
  ["a chunk size of letters", `${post(chunked)}zz\r\n\r\n${smuggled}`, 400, malformed],
  ["a negative chunk size", `${post(chunked)}-1\r\n\r\n${smuggled}`, 400, malformed],
  ["a chunk size beyond all numbers", `${post(chunked)}ffffffffffffffffff\r\n\r\n`, 400, malformed],
  ["a chunk longer than it says", `${post(chunked)}2\r\n{}0\r\n\r\n${smuggled}`, 400, malformed],
  ["a chunk size of letters at a taken connection", `${attach(chunked)}zz\r\n\r\n`, 400, malformed],
  [
    "a chunk size of letters at an upgraded connection",
    `${attach("Connection: Upgrade", "Upgrade: tcp", chunked)}zz\r\n\r\n`,
    400,
    "the request body cannot be read"
  ],
  [
    "a chunk size without end at an upgraded connection",
    `${attach("Connection: Upgrade", "Upgrade: tcp", chunked)}${"1".repeat(1000)}`,
    400,
    "the request body cannot be read"
  ],
  ["line ends without return", "GET /_ping HTTP/1.1\nHost: d\n\n", 400, malformed],
  ["a NUL in a header", get("/_ping", "X: a\0b"), 400, malformed],
  ["a folded header", get("/_ping", "X: a", " b"), 400, malformed],
  ["a header without a name", get("/_ping", ": x"), 400, malformed],
  ["a header without a colon", get("/_ping", "Bad Header"), 400, malformed],
  ["a NUL in the target", get("/_ping\0"), 400, malformed],
  ["a blank in the target", get("/a b"), 400, malformed],
  ["bytes that are no text", "\0\u0001\u0002\r\n\r\n", 400, malformed],
  ["the hello of TLS", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00FC\u0003\u0003\r\n\r\n", 400, malformed],
  ["a method in small letters", "get /_ping HTTP/1.1\r\nHost: d\r\n\r\n", 400, malformed],
  ["an unknown method", "FETCH /_ping HTTP/1.1\r\nHost: d\r\n\r\n", 400, malformed],
  ["an unknown version", "GET /_ping HTTP/9.9\r\nHost: d\r\n\r\n", 400, malformed],
  ["no host", "GET /_ping HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "missing required Host header"],
  ["two hosts", get("/_ping", "Host: e"), 400, "too many Host headers"],
  [
    "an expectation nobody has",
    `${post("Expect: 200-maybe", "Content-Length: 2")}{}`,
    417,
    "unsupported expectation: 200-maybe"
  ],
  ["CONNECT", "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method not allowed"],
  ["TRACE", "TRACE /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "page not found"],
  ["a target on another host", get("http://169.254.169.254/latest/meta-data"), 404, "page not found"],
  ["an asterisk as target", get("*"), 404, "page not found"],
  [
    "an upgrade nobody offers",
    get("/_ping", "Connection: Upgrade", "Upgrade: websocket"),
    400,
    "this endpoint cannot be upgraded"
  ],
  ["a header of two MB", get("/_ping", `X: ${"a".repeat(2_000_000)}`), 431, "request header fields too large"],
  ["300,000 headers", get("/_ping", "X: y\r\n".repeat(300_000).trimEnd()), 431, "request header fields too large"],
  ["a target of two MB", get(`/${"a".repeat(2_000_000)}`), 431, "request header fields too large"],
  ["a long target that leads nowhere", get(`/${"a".repeat(900_000)}`), 404, "page not found"]
]

test.each(requests)("%s is refused, and nothing after it is read", async (_, bytes, status, message) => {
  expectRefusal(await siege.send(Buffer.from(bytes, "latin1")), status, message)
})

const escapes = ["%", "%z", "%zz", "%1", "%%", "%u0041"]

test.each(escapes)("the escape %s is refused in path and query", async (escape) => {
  const message = `invalid URL escape ${JSON.stringify(escape.slice(0, 3))}`
  expectRefusal(await siege.send(get(`/containers/json?name=${escape}`)), 400, message)
  expectRefusal(await siege.send(get(`/containers/${escape}`)), 400, message)
})

const versions: ReadonlyArray<readonly [string, string]> = [
  ["1.52", "client version 1.52 is too new. Maximum supported API version is 1.51"],
  ["2.0", "client version 2.0 is too new. Maximum supported API version is 1.51"],
  ["1.99999999999999999999", "client version 1.99999999999999999999 is too new. Maximum supported API version is 1.51"],
  [
    "1.11",
    "client version 1.11 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"
  ],
  [
    "0.1",
    "client version 0.1 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"
  ]
]

test.each(versions)("API version %s", async (version, message) => {
  expectRefusal(await siege.send(get(`/v${version}/_ping`)), 400, message)
})

const nowhere: ReadonlyArray<readonly [string, string]> = [
  ["GET", "/nowhere"],
  ["GET", "/v1.41/nowhere"],
  ["GET", "/vx/_ping"],
  ["GET", "/"],
  ["GET", "//containers/json"],
  ["GET", "/containers/../../etc/passwd"],
  ["GET", "/containers/json/"],
  ["DELETE", "/info"],
  ["PATCH", "/containers/json"],
  ["PUT", "/containers/create"],
  ["POST", "/containers/json"],
  ["POST", "/events"],
  ["DELETE", "/_ping"]
]

test.each(nowhere)("%s %s is no page", async (method, path) => {
  expectRefusal(await siege.ask({ method, path }), 404, "page not found")
})

test("a client that speaks HTTP/2 from the start is told in its own words", async () => {
  const reply = await siege.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
  expect(reply.closed).toBe(true)
  expect(reply.text).toMatch(/HTTP\/1\.1 only$/)
})

test("many good requests in one packet are answered in their order", async () => {
  const one = "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
  const reply = await siege.send(`${one.repeat(200)}${requestBytes({ path: "/nowhere" }).toString()}`)
  expect(reply.text.match(/HTTP\/1\.1 200 OK/g)?.length).toBe(200)
  expect(reply.text).toMatch(/HTTP\/1\.1 404 Not Found[^]*\{"message":"page not found"\}\n$/)
})
