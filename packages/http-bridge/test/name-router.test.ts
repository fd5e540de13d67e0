import { assert, it } from "@effect/vitest"
import { chunkReader } from "../src/connection.ts"
import { NameRouter } from "../src/name-router.ts"

const routed = (router: NameRouter<string>, method: string, path: string) => router.match(method, path)[0][0]

it("names may hold slashes, the suffix decides the action, and whole paths win", () => {
  const router = new NameRouter<string>()
  router.add("GET", "/images/:name{.+}/json", "inspect")
  router.add("GET", "/images/json", "list")
  router.add("GET", "/images/:name{.+}/history", "history")
  router.add("GET", "/nodes/*", "nodes")
  assert.deepStrictEqual(routed(router, "GET", "/images/json"), ["list", {}])
  assert.deepStrictEqual(routed(router, "GET", "/images/localhost:5000/a/b@sha256:1/json"), [
    "inspect",
    { name: "localhost:5000/a/b@sha256:1" }
  ])
  assert.deepStrictEqual(routed(router, "GET", "/images/a/history"), ["history", { name: "a" }])
  assert.deepStrictEqual(routed(router, "GET", "/nodes/a/b"), ["nodes", {}])
  assert.isUndefined(routed(router, "POST", "/images/json"))
  assert.isUndefined(routed(router, "GET", "/images/json/"))
})

it("one chunk-framed body is taken whole, later or not at all", () => {
  assert.deepStrictEqual(chunkReader()(Buffer.from("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nrest")), {
    body: Buffer.from("abcde"),
    rest: Buffer.from("rest")
  })
  assert.isUndefined(chunkReader()(Buffer.from("3\r\nab")))
  assert.strictEqual(chunkReader()(Buffer.from("zz\r\n")), "broken")
  assert.strictEqual(chunkReader()(Buffer.from("3\r\nabcd\r\n0\r\n\r\n")), "broken")
})
