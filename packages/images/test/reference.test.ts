import { assert, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import { canonical, familiar, familiarName, parseReference, type Reference } from "../src/index.ts"

const parse = (text: string): Reference | undefined =>
  Option.getOrUndefined(Effect.runSync(Effect.option(parseReference(text))))

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/)
const component = fc
  .tuple(word, fc.array(fc.tuple(fc.constantFrom(".", "_", "__", "-", "---"), word), { maxLength: 2 }))
  .map(([first, rest]) => first + rest.flat().join(""))
const path = fc.array(component, { minLength: 2, maxLength: 4 }).map((parts) => parts.join("/"))
const domain = fc.oneof(
  fc.constantFrom("localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "ghcr.io", "Registry.Example"),
  fc.tuple(word, fc.constantFrom(".com", ".example:443")).map((parts) => parts.join(""))
)
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/)
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`)

it("a full reference is read into its parts and written back the same", () => {
  fc.assert(
    fc.property(domain, path, tag, (host, name, label) => {
      const read = parse(`${host}/${name}:${label}`)
      assert.deepStrictEqual(read, { domain: host, path: name, tag: label, digest: undefined })
      assert.strictEqual(
        canonical({ domain: host, path: name, tag: label, digest: undefined }),
        `${host}/${name}:${label}`
      )
    })
  )
})

it("a digest counts, with a tag or without", () => {
  fc.assert(
    fc.property(domain, path, tag, digest, (host, name, label, sum) => {
      assert.deepStrictEqual(parse(`${host}/${name}@${sum}`), { domain: host, path: name, tag: undefined, digest: sum })
      const both = parse(`${host}/${name}:${label}@${sum}`)
      assert.deepStrictEqual(both, { domain: host, path: name, tag: label, digest: sum })
      assert.strictEqual(both === undefined ? "" : canonical(both), `${host}/${name}@${sum}`)
    })
  )
})

it("what Docker shows for a reference is read as the same reference", () => {
  fc.assert(
    fc.property(component, fc.option(component), tag, (first, second, label) => {
      const name = second === null ? first : `${first}/${second}`
      fc.pre(!/^[0-9a-f]{64}$/.test(name) && !(second !== null && (first.includes(".") || first === "localhost")))
      const read = parse(`${name}:${label}`)
      assert.isDefined(read)
      if (read === undefined) return
      assert.strictEqual(read.domain, "docker.io")
      assert.strictEqual(familiarName(read), name)
      assert.strictEqual(familiar(canonical(read)), `${name}:${label}`)
      assert.deepStrictEqual(parse(familiar(canonical(read))), read)
    })
  )
})

it("any text at all is a reference or a refusal in Docker's words, quickly", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: "binary", maxLength: 100 })), (text) => {
      const result = Effect.runSync(Effect.result(parseReference(text)))
      if (result._tag === "Failure") assert.match(result.failure.message, /^invalid re(ference format|pository name)/)
      else assert.deepStrictEqual(parse(canonical(result.success))?.path, result.success.path)
    }),
    { numRuns: 500 }
  )
})

const refusals: ReadonlyArray<readonly [string, string]> = [
  ["", "invalid reference format"],
  ["a:", "invalid reference format"],
  [":a", "invalid reference format"],
  ["a@", "invalid reference format"],
  ["a@sha256:short", "invalid reference format"],
  ["a//b", "invalid reference format"],
  ["/a", "invalid reference format"],
  ["a/", "invalid reference format"],
  ["-a", "invalid reference format"],
  ["a..b", "invalid reference format"],
  ["a___b", "invalid reference format"],
  ["a:b:c", "invalid reference format"],
  ["host:port/a", "invalid reference format"],
  ["../../etc/passwd", "invalid reference format"],
  ["a b", "invalid reference format"],
  ["a\n", "invalid reference format"],
  [`a:${"x".repeat(129)}`, "invalid reference format"],
  ["Upper", "invalid reference format: repository name (library/Upper) must be lowercase"],
  ["a".repeat(256), "invalid reference format: repository name must not be more than 255 characters"],
  ["f".repeat(64), `invalid repository name (${"f".repeat(64)}), cannot specify 64-byte hexadecimal strings`]
]

it("each way of being no reference has Docker's text", () => {
  for (const [text, message] of refusals)
    assert.strictEqual(Effect.runSync(Effect.flip(parseReference(text))).message, message, text)
})

const defaults: ReadonlyArray<readonly [string, string]> = [
  ["busybox", "docker.io/library/busybox:latest"],
  ["busybox:1", "docker.io/library/busybox:1"],
  ["someone/tool", "docker.io/someone/tool:latest"],
  ["index.docker.io/busybox", "docker.io/library/busybox:latest"],
  ["docker.io/busybox", "docker.io/library/busybox:latest"],
  ["localhost/busybox", "localhost/busybox:latest"],
  ["Host/busybox", "Host/busybox:latest"],
  ["host:5000/busybox", "host:5000/busybox:latest"],
  ["[fe80::1]:5000/busybox", "[fe80::1]:5000/busybox:latest"]
]

it("what is left out is filled in as Docker does", () => {
  for (const [text, full] of defaults) {
    const read = parse(text)
    assert.strictEqual(read === undefined ? undefined : canonical(read), full)
  }
})
