import { beforeAll, expect, test } from "vitest"
import { underSiege } from "@sockerless/e2e-hostile"

const siege = underSiege()
/** As long as a name may sensibly be, and as bad as it can be for a backtracking matcher. */
const name = `${"a".repeat(200)}b`

beforeAll(async () => {
  await siege.docker.ok("run", "-d", "--name", name, "busybox", "sleep", "3600")
  await siege.docker.ok("volume", "create", name)
  await siege.docker.ok("tag", "busybox", `registry.example/${name}:${name.slice(0, 100)}`)
})

const filters = (value: unknown): string => `filters=${encodeURIComponent(JSON.stringify(value))}`

/** Each takes longer than the age of the world when it is matched by trying. */
const bombs = [
  "(a+)+$",
  "^(a|a)*$",
  "(a|aa)+$",
  "(a?){40}a{40}$",
  "^([a]+)*$",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  ".*.*.*.*.*.*.*.*.*.*=",
  `${"(a|a)".repeat(40)}c`,
  `${"a?".repeat(100)}${"a".repeat(201)}c`,
  "(?:(?:a{1,9}){1,9}){1,9}$"
]

test.each(bombs)("the pattern %s finds nothing, at once", async (pattern) => {
  const containers = await siege.ask({ path: `/containers/json?all=1&${filters({ name: [pattern] })}` })
  expect(containers.text).toMatch(/^HTTP\/1\.1 200[^]*\r\n\r\n\[\]\n$/)
  const ids = await siege.ask({
    path: `/containers/json?all=1&${filters({ id: [pattern.replaceAll("a", "[0-9a-f]")] })}`
  })
  expect(ids.status, ids.text).toBe(200)
  const volumes = await siege.ask({ path: `/volumes?${filters({ name: [pattern] })}` })
  expect(volumes.text).toMatch(/"Volumes":\[\]/)
})

test("a glob bomb for images finds nothing, at once", async () => {
  const glob = `*${"a*".repeat(100)}c`
  const images = await siege.ask({ path: `/images/json?${filters({ reference: [glob] })}` })
  expect(images.text).toMatch(/^HTTP\/1\.1 200[^]*\r\n\r\n\[\]\n$/)
})

const found = async (pattern: string): Promise<boolean> =>
  (await siege.docker.ok("ps", "-q", "--filter", `name=${pattern}`)) !== ""

test.each([
  ["aab", true],
  ["^/?a+b$", true],
  ["(?i)AAB$", true],
  ["^(aa)+$|^(bb)+$", false],
  ["[ab]{201}", true],
  ["(", false],
  ["*", false],
  ["a".repeat(300), false]
])("the pattern %s is matched as Docker does: %s", async (pattern, expected) => {
  expect(await found(pattern)).toBe(expected)
})

/** Instructions of an import are read before its body: what takes long there holds everybody up. */
const changes = [
  `ENV ${" ".repeat(200_000)}x`,
  `ENV ${"a".repeat(300_000)}`,
  `LABEL ${'"'.repeat(300_000)}`,
  `LABEL ${"a ".repeat(200_000)}=`,
  `${" ".repeat(300_000)}x`,
  "A".repeat(300_000)
]

test.each(changes.map((change) => [change.slice(0, 12), change] as const))(
  "the change %j… is judged at once",
  async (_, change) => {
    const path = `/images/create?fromSrc=-&changes=${encodeURIComponent(change)}`
    const reply = await siege.ask({ path, type: "application/x-tar", body: "no tar" })
    expect(reply.status).toBe(400)
  }
)
