import { assert, describe, it } from "@effect/vitest"
import { type LedgerView, namePrefix, type ResourceEntry } from "@sockerless/resource-registry"
import { type TagSet, TagsUnreadable } from "@sockerless/tags"
import { type Class, classify, type Found } from "../src/index.ts"

const ours = "00112233445566778899aabbccddeeff"
const theirs = "ffeeddccbbaa99887766554433221100"
const options = { instance: ours, epoch: 5, graceMillis: 600_000 }

const tags = (instance: string, more: Partial<TagSet> = {}): TagSet => ({
  containerId: "c1",
  backend: "folder",
  instance,
  createdAt: new Date(0),
  epoch: 5,
  facts: {},
  ...more
})
const found = (more: Partial<Found>): Found => ({
  type: "task",
  id: "t1",
  name: `${namePrefix(ours)}one`,
  tags: tags(ours),
  state: "running",
  ageMillis: 3_600_000,
  recoverable: false,
  ...more
})
const record = (more: Partial<ResourceEntry>): ResourceEntry => ({
  key: "op/task",
  operation: "op",
  step: "task",
  subject: "c1",
  backend: "folder",
  type: "task",
  name: "another name",
  token: "token",
  epoch: 5,
  atMillis: 0,
  state: "held",
  id: "t1",
  ...more
})
const view = (more: Partial<LedgerView>): LedgerView => ({
  operations: [],
  resources: [],
  tombstones: [],
  claims: [],
  ...more
})
const child = (more: Partial<Found>): Found => {
  const { tags: _, ...bare } = found({
    type: "log-stream",
    id: "s1",
    name: "stream",
    parent: { type: "task", id: "t1" }
  })
  return { ...bare, tags: undefined, ...more }
}
const classesOf = (all: ReadonlyArray<Found>, known: LedgerView = view({})): ReadonlyArray<Class> =>
  classify(all, known, options).map((one) => one.class)

describe("classify", () => {
  it("knows what is on record by the place's id, or by its name when the id never reached us", () => {
    assert.deepStrictEqual(classesOf([found({})], view({ resources: [record({})] })), ["known"])
    const { id: _, ...intended } = record({ state: "intended", name: found({}).name })
    assert.deepStrictEqual(classesOf([found({})], view({ resources: [intended] })), ["known"])
    assert.deepStrictEqual(classesOf([found({})], view({ resources: [record({ type: "role" })] })), ["orphan"])
  })

  it("takes a live record before a gone one of the same name", () => {
    const gone = record({ key: "old", state: "gone", id: "t0", name: found({}).name })
    const live = record({ key: "new", name: found({}).name })
    for (const resources of [
      [gone, live],
      [live, gone]
    ]) {
      assert.deepStrictEqual(classesOf([found({})], view({ resources })), ["known"])
    }
  })

  it("sees that what was removed or taken back is here again", () => {
    assert.deepStrictEqual(classesOf([found({})], view({ resources: [record({ state: "gone" })] })), ["tombstoned"])
    const tombstones = [{ subject: "c1", backend: "folder", atMillis: 0 }]
    assert.deepStrictEqual(classesOf([found({ recoverable: true })], view({ tombstones })), ["tombstoned"])
  })

  it("adopts what tells its purpose, waits for the young, and gives up the rest", () => {
    assert.deepStrictEqual(
      classesOf([
        found({ recoverable: true, ageMillis: 0 }),
        found({ id: "t2", ageMillis: 599_999 }),
        found({ id: "t3", ageMillis: 600_000 })
      ]),
      ["adopt", "young", "orphan"]
    )
  })

  it("leaves alone what is another's, what is newer than we are, and what it cannot read", () => {
    assert.deepStrictEqual(
      classesOf(
        [
          found({ tags: tags(theirs) }),
          found({ id: "t2", tags: tags(ours, { epoch: 6 }) }),
          found({ id: "t3", tags: new TagsUnreadable({ carrier: "AWS tags", key: "k", value: "v" }) })
        ],
        view({
          resources: [record({ id: "t2", state: "gone" })],
          tombstones: [{ subject: "c1", backend: "folder", atMillis: 0 }]
        })
      ),
      ["foreign", "newer", "unreadable"]
    )
  })

  it("lets what carries no tags share the fate of what it lives in, listed before it or after", () => {
    const home = found({})
    const cases: ReadonlyArray<readonly [LedgerView, Class]> = [
      [view({ resources: [record({})] }), "untagged-child"],
      [view({ resources: [record({ state: "gone" })] }), "tombstoned"],
      [view({}), "orphan"]
    ]
    for (const [known, expected] of cases) {
      assert.strictEqual(classesOf([home, child({})], known)[1], expected)
      assert.strictEqual(classesOf([child({}), home], known)[0], expected)
    }
  })

  it("goes by the name alone when the parent is gone or another's", () => {
    const named = `${namePrefix(ours)}stream`
    assert.deepStrictEqual(classesOf([child({}), child({ id: "s2", name: named })]), ["foreign", "orphan"])
    assert.deepStrictEqual(classesOf([child({ name: named, ageMillis: 1 })]), ["young"])
    assert.deepStrictEqual(classesOf([child({ name: `${namePrefix(theirs)}stream` })]), ["foreign"])
    const foreign = found({ tags: tags(theirs) })
    assert.deepStrictEqual(classesOf([foreign, child({}), child({ id: "s2", name: named })]), [
      "foreign",
      "foreign",
      "untagged-child"
    ])
  })

  it("ends on a loop of parents", () => {
    const a = child({ id: "a", parent: { type: "log-stream", id: "b" } })
    const b = child({ id: "b", parent: { type: "log-stream", id: "a" } })
    assert.deepStrictEqual(classesOf([a, b]), ["foreign", "foreign"])
  })
})
