import { assert, beforeAll, describe, it } from "vitest"
import { judged, lacks, noClient } from "../src/index.ts"

const on = judged()

const ids = { first: "", second: "", done: "", unborn: "" }

beforeAll(async () => {
  if (noClient !== undefined) return
  await on.docker.ok("network", "create", "listed")
  const sleep = ["busybox", "sleep", "3000"]
  ids.first = await on.docker.ok("run", "-d", "--name", "first", "--label", "tier=front", "--label", "x", ...sleep)
  ids.second = await on.docker.ok(
    ...["run", "-d", "--name", "second", "--label", "tier=back", "--network", "listed"],
    ...["-v", "held:/data", "--expose", "7000/udp", ...sleep]
  )
  await on.docker.run(["run", "--name", "done", "--label", "tier=front", "busybox", "sh", "-c", "exit 3"])
  ids.done = await on.docker.ok("inspect", "-f", "{{.Id}}", "done")
  ids.unborn = await on.docker.ok("create", "--name", "unborn", "busybox", "echo", "one two", "it's")
})

const names = async (...options: ReadonlyArray<string>): Promise<string> =>
  (await on.docker.ok("ps", "--format", "{{.Names}}", ...options)).split("\n").join(" ")

const filtered = (...filters: ReadonlyArray<string>): Promise<string> =>
  names("-a", ...filters.flatMap((filter) => ["--filter", filter]))

describe("docker ps", () => {
  it("lists what runs, newest first, and all with -a", async () => {
    assert.strictEqual(await names(), "second first")
    assert.strictEqual(await names("-a"), "unborn done second first")
    assert.strictEqual(await names("-n", "2"), "unborn done")
    assert.strictEqual(await names("-l"), "unborn")
  })

  it("shortens ids and commands, unless told not to", async () => {
    assert.strictEqual(await on.docker.ok("ps", "-q"), `${ids.second.slice(0, 12)}\n${ids.first.slice(0, 12)}`)
    assert.strictEqual(await on.docker.ok("ps", "-q", "--no-trunc"), `${ids.second}\n${ids.first}`)
    const command = (...options: ReadonlyArray<string>) =>
      on.docker.ok("ps", "-a", "--filter", "name=unborn", "--format", "{{.Command}}", ...options)
    assert.strictEqual(await command(), "\"echo 'one two' it's\"")
    assert.strictEqual(await command("--no-trunc"), "\"echo 'one two' it's\"")
  })

  it("has a table with Docker's columns", async () => {
    const [head = "", row = ""] = (await on.docker.ok("ps", "--filter", "name=first")).split("\n")
    assert.match(head, /^CONTAINER ID {3}IMAGE {5}COMMAND {8}CREATED {2,}STATUS {2,}PORTS {5}NAMES$/)
    assert.match(row, /^[0-9a-f]{12} {3}busybox {3}"sleep 3000" {3}.+ ago {3}Up .+ {2,}first$/)
  })

  it("formats each field", async () => {
    const of = (name: string, format: string) =>
      on.docker.ok("ps", "-a", "--filter", `name=^/${name}$`, "--format", format)
    assert.match(await of("first", "{{.ID}} {{.Image}} {{.State}}"), /^[0-9a-f]{12} busybox running$/)
    assert.strictEqual(
      await of("second", "{{.Networks}}|{{.Ports}}|{{.Mounts}}|{{.LocalVolumes}}"),
      "listed|7000/udp|held|1"
    )
    assert.strictEqual(await of("first", '{{.Label "tier"}}'), "front")
    assert.sameMembers((await of("first", "{{.Labels}}")).split(","), ["tier=front", "x="])
    assert.match(await of("first", "{{.Status}}|{{.RunningFor}}"), /^Up .+\|.+ ago$/)
    assert.match(await of("done", "{{.Status}}"), /^Exited \(3\) .+ ago$/)
    assert.strictEqual(await of("unborn", "{{.Status}}|{{.State}}"), "Created|created")
    assert.match(await of("first", "{{.CreatedAt}}"), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$/)
    const json: unknown = JSON.parse(await of("first", "{{json .}}"))
    assert.containsSubset(json, { Names: "first", Image: "busybox", State: "running" })
  })

  it.skipIf(lacks("--format json", 23))("formats as JSON by name", async () => {
    const lines = (await on.docker.ok("ps", "--format", "json")).split("\n")
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { Names: string }).Names),
      ["second", "first"]
    )
  })

  it("measures files with -s", async () => {
    await on.docker.run(["run", "--name", "heavy", "busybox", "sh", "-c", "head -c 3000000 /dev/zero >/f"])
    const size = await on.docker.ok("ps", "-as", "--filter", "name=heavy", "--format", "{{.Size}}")
    assert.match(size, /^3(\.\d+)?MB \(virtual [\d.]+MB\)$/)
    await on.docker.ok("rm", "heavy")
  })
})

describe("docker ps --filter", () => {
  it("takes names and ids, whole or in part", async () => {
    assert.strictEqual(await filtered("name=ir"), "first")
    assert.strictEqual(await filtered("name=^/first$"), "first")
    assert.strictEqual(await filtered("name=^second$"), "second")
    assert.strictEqual(await filtered("name=first", "name=done"), "done first")
    assert.strictEqual(await filtered(`id=${ids.second.slice(0, 12)}`), "second")
    assert.strictEqual(await filtered(`id=${ids.unborn}`), "unborn")
  })

  it("takes labels: all that are named must be there", async () => {
    assert.strictEqual(await filtered("label=tier"), "done second first")
    assert.strictEqual(await filtered("label=tier=front"), "done first")
    assert.strictEqual(await filtered("label=tier=front", "label=x"), "first")
    assert.strictEqual(await filtered("label=tier=nothing"), "")
  })

  it("takes states and exit codes", async () => {
    assert.strictEqual(await filtered("status=running"), "second first")
    assert.strictEqual(await filtered("status=exited"), "done")
    assert.strictEqual(await filtered("status=created", "status=exited"), "unborn done")
    assert.strictEqual(await filtered("exited=3"), "done")
    assert.strictEqual(await filtered("exited=0"), "")
  })

  it("takes images, networks, volumes and ports", async () => {
    assert.strictEqual(await filtered("ancestor=busybox"), "unborn done second first")
    assert.strictEqual(await filtered("ancestor=busybox:latest"), "unborn done second first")
    assert.strictEqual(await filtered("ancestor=other"), "")
    assert.strictEqual(await filtered("network=listed"), "second")
    assert.strictEqual(await filtered("volume=held"), "second")
    assert.strictEqual(await filtered("volume=/data"), "second")
    assert.strictEqual(await filtered("expose=7000/udp"), "second")
    assert.strictEqual(await filtered("expose=7000-7010/udp"), "second")
    assert.strictEqual(await filtered("publish=80"), "")
  })

  it("takes what was made before or since another", async () => {
    assert.strictEqual(await filtered("before=done"), "second first")
    assert.strictEqual(await filtered("since=second"), "unborn done")
    assert.strictEqual(await filtered(`since=${ids.first}`, "before=unborn"), "done second")
  })

  it("takes health", async () => {
    assert.strictEqual(await filtered("health=none"), "unborn done second first")
    assert.strictEqual(await filtered("health=healthy"), "")
  })

  it("refuses what it does not know", async () => {
    const { code, stderr } = await on.docker.run(["ps", "--filter", "nonsense=1"])
    assert.match(stderr, /^Error response from daemon: [iI]nvalid filter 'nonsense'\n$/)
    assert.strictEqual(code, 1)
    const status = await on.docker.run(["ps", "--filter", "status=nonsense"])
    assert.match(status.stderr, /[iI]nvalid/)
    assert.strictEqual(status.code, 1)
    const before = await on.docker.run(["ps", "-a", "--filter", "before=nosuch"])
    assert.match(before.stderr, /^Error response from daemon: [nN]o such container:? nosuch\n$/)
    assert.strictEqual(before.code, 1)
  })
})
