import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import { awsTags, azureTags, gcpLabels, type TagSet } from "../src/index.ts"

type TagMap = Readonly<Record<string, string>>

interface Rendering {
  readonly name: string
  readonly write: (tags: TagSet) => Result.Result<TagMap, { readonly message: string }>
  readonly read: (map: TagMap) => Result.Result<TagSet | undefined, { readonly message: string }>
  readonly key: RegExp
  readonly value: RegExp
  readonly count: number
  readonly mark: string
}

const aws = {
  key: /^(?!aws:)[\w .:/=+@-]{1,128}$/,
  value: /^[\w .:/=+@-]{0,256}$/,
  count: 50,
  mark: "sockerless-managed"
}

const renderings: ReadonlyArray<Rendering> = [
  { name: "AWS map", write: awsTags.map, read: awsTags.ofMap, ...aws },
  {
    name: "AWS {Key, Value}",
    write: (tags) => Result.map(awsTags.pairs(tags), (pairs) => Object.fromEntries(pairs.map((p) => [p.Key, p.Value]))),
    read: (map) => awsTags.ofPairs(Object.entries(map).map(([Key, Value]) => ({ Key, Value }))),
    ...aws
  },
  {
    name: "AWS {key, value}",
    write: (tags) =>
      Result.map(awsTags.lowerPairs(tags), (pairs) => Object.fromEntries(pairs.map((p) => [p.key, p.value]))),
    read: (map) => awsTags.ofLowerPairs(Object.entries(map).map(([key, value]) => ({ key, value }))),
    ...aws
  },
  {
    name: "GCP labels",
    write: gcpLabels.map,
    read: gcpLabels.ofMap,
    key: /^[a-z][a-z0-9_-]{0,62}$/,
    value: /^[a-z0-9_-]{0,63}$/,
    count: 64,
    mark: "sockerless_managed"
  },
  {
    name: "Azure tags",
    write: azureTags.map,
    read: azureTags.ofMap,
    key: /^[^<>%&\\?/]{1,512}$/,
    value: /^[^]{0,256}$/,
    count: 50,
    mark: "sockerless-managed"
  }
]

const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 300 }),
  fc.constantFrom(
    "",
    "=",
    "_",
    "=3d",
    "_5f",
    "__proto__",
    "2",
    "-2",
    "a-2",
    " x ",
    "a\0b\n",
    "é".repeat(100),
    "🧨🧨",
    "\uFFFD",
    "Z"
  )
)
const time = fc.integer({ min: 0, max: 253_402_300_799 }).map((seconds) => new Date(seconds * 1000))
const word = fc.stringMatching(/^[a-z]{1,6}$/)
const tagSets: fc.Arbitrary<TagSet> = fc.record(
  {
    containerId: fc.oneof(fc.stringMatching(/^[0-9a-f]{64}$/), hostile),
    backend: hostile,
    instance: hostile,
    createdAt: time,
    expiresAt: time,
    epoch: fc.integer({ min: 0, max: 1e15 - 1 }),
    facts: fc.dictionary(
      fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join("-")),
      hostile,
      { maxKeys: 3, noNullPrototype: true }
    )
  },
  { requiredKeys: ["backend", "instance", "createdAt", "epoch", "facts"], noNullPrototype: true }
)

const plain: TagSet = {
  containerId: "f".repeat(64),
  backend: "ecs",
  instance: "0123456789abcdef0123456789abcdef",
  createdAt: new Date("2026-11-23T21:58:00Z"),
  epoch: 7,
  facts: { exit: "137:1795557480000" }
}

for (const rendering of renderings) {
  describe(rendering.name, () => {
    it("gives back what was written, within the carrier's limits, among tags of others", () =>
      fc.assert(
        fc.property(tagSets, (tags) => {
          const written = rendering.write(tags)
          if (Result.isFailure(written)) {
            assert.include(written.failure.message, "tags are needed")
            return
          }
          const entries = Object.entries(written.success)
          assert.isAtMost(entries.length, rendering.count)
          for (const [key, value] of entries) {
            assert.match(key, rendering.key)
            assert.match(value, rendering.value)
          }
          const mixed = { ...written.success, owner: "somebody", sockerlessish: "x", "Name-2": "y" }
          assert.deepStrictEqual(rendering.read(mixed), Result.succeed(tags))
        })
      ))

    it("never throws on tags of others, and calls them ours only with our mark", () =>
      fc.assert(
        fc.property(fc.dictionary(fc.oneof(hostile, fc.constant(rendering.mark)), hostile), (map) => {
          const read = rendering.read(map)
          if (!(rendering.mark in map) && rendering.name !== "Azure tags") {
            assert.deepStrictEqual(read, Result.succeed(undefined))
          } else assert.isTrue(Result.isFailure(read) || read.success === undefined)
        })
      ))

    it("refuses text that is no Unicode, odd fact names, odd epochs, odd times", () => {
      const refused = (tags: Partial<TagSet>) => {
        const written = rendering.write({ ...plain, ...tags })
        return Result.isFailure(written) ? written.failure.message : "written"
      }
      assert.include(refused({ backend: "\uD800" }), "the value of backend is not well-formed Unicode")
      assert.include(refused({ facts: { "a-2": "x" } }), 'not "a-2"')
      assert.include(refused({ epoch: 1.5 }), "not 1.5")
      assert.include(refused({ createdAt: new Date(Number.NaN) }), "created-at is not a time since 1970")
      assert.include(refused({ facts: { spec: "x".repeat(20_000) } }), "tags are needed and a resource holds")
    })

    it("says which of our tags cannot be read", () => {
      const written = Result.getOrThrow(rendering.write(plain))
      for (const [key, value] of [
        ["epoch", "-1"],
        ["created-at", "yesterday"],
        ["managed", "yes"]
      ] as const) {
        const name = rendering.mark.replace("managed", rendering.name === "GCP labels" ? key.replace("-", "_") : key)
        const read = rendering.read({ ...written, [name]: value })
        assert.isTrue(Result.isFailure(read))
        if (Result.isFailure(read)) {
          assert.include(read.failure.message, `the value ${JSON.stringify(value)} of ${name}`)
        }
      }
    })
  })
}

describe("the words on the wire", () => {
  it("are readable where the carrier allows it", () => {
    assert.deepStrictEqual(Result.getOrThrow(awsTags.map(plain)), {
      "sockerless-managed": "true",
      "sockerless-container-id": "f".repeat(64),
      "sockerless-backend": "ecs",
      "sockerless-instance": "0123456789abcdef0123456789abcdef",
      "sockerless-created-at": "2026-11-23T21:58:00Z",
      "sockerless-epoch": "7",
      "sockerless-fact-exit": "137:1795557480000"
    })
    assert.deepStrictEqual(Result.getOrThrow(gcpLabels.map(plain)), {
      sockerless_managed: "true",
      sockerless_container_id: "f".repeat(63),
      sockerless_container_id_2: "f",
      sockerless_backend: "ecs",
      sockerless_instance: "0123456789abcdef0123456789abcdef",
      sockerless_created_at: "2026-11-23t21-58-00z",
      sockerless_epoch: "7",
      sockerless_fact_exit: "137_3a1795557480000"
    })
  })

  it("are read whatever the case of an Azure key", () => {
    const upper = Object.fromEntries(
      Object.entries(Result.getOrThrow(azureTags.map(plain))).map(([key, value]) => [key.toUpperCase(), value])
    )
    assert.deepStrictEqual(azureTags.ofMap(upper), Result.succeed(plain))
  })

  it("fit a DNS zone's fifteen, or are refused", () => {
    assert.isTrue(Result.isSuccess(azureTags.dnsZoneMap(plain)))
    const many = azureTags.dnsZoneMap({ ...plain, facts: { spec: "x".repeat(2600) } })
    assert.isTrue(Result.isFailure(many))
  })
})
