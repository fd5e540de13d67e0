import { target, until } from "@sockerless/e2e-kit"
import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()

const now = (): string => (Date.now() / 1000).toFixed(9)

/** Everything told since then that these filters let through, in this format. */
const told = async (
  since: string,
  format: string,
  ...filters: ReadonlyArray<string>
): Promise<ReadonlyArray<string>> => {
  const asked = filters.flatMap((filter) => ["--filter", filter])
  const text = await on.docker.ok("events", "--since", since, "--until", now(), "--format", format, ...asked)
  return text.split("\n").filter((line) => line !== "")
}

describe("docker events", () => {
  it("tells the life of a container in its order, with exit code, image, name and labels", async () => {
    const since = now()
    await on.docker.run(["run", "--rm", "--name", "told", "--label", "a=b", "busybox", "sh", "-c", "exit 3"])
    const actions = await until(
      "all is told",
      async () => {
        const seen = await told(since, "{{.Action}}", "type=container", "container=told")
        return seen.at(-1) === "destroy" ? seen : undefined
      },
      40_000
    )
    assert.deepEqual(actions, ["create", "attach", "start", "die", "destroy"])
    const die = await told(
      since,
      "{{.Type}} {{.Actor.Attributes.exitCode}} {{.Actor.Attributes.image}} {{.Actor.Attributes.name}} {{.Actor.Attributes.a}}",
      "event=die"
    )
    assert.deepEqual(die, ["container 3 busybox told b"])
  })

  it("tells stop, kill, restart, pause, rename and exec", async () => {
    const since = now()
    await on.docker.ok("run", "-d", "--name", "busy", "busybox", "sleep", "600")
    await on.docker.run(["exec", "busy", "sh", "-c", "exit 2"])
    await on.docker.ok("pause", "busy")
    await on.docker.ok("unpause", "busy")
    await on.docker.ok("rename", "busy", "busier")
    await on.docker.ok("restart", "-t", "0", "busier")
    await on.docker.ok("kill", "busier")
    await on.docker.ok("rm", "busier")
    const id = (await told(since, "{{.Actor.ID}}", "event=rename"))[0] ?? ""
    const actions = await until(
      "all is told",
      async () => {
        const seen = await told(since, "{{.Action}}", `container=${id}`)
        return seen.at(-1) === "destroy" && seen.includes("exec_die") ? seen : undefined
      },
      40_000
    )
    const exec = ["exec_create: sh -c exit 2", "exec_start: sh -c exit 2", "exec_die"]
    const turned = actions.slice(actions.indexOf("rename") + 1, actions.lastIndexOf("kill"))
    assert.deepEqual(actions.slice(0, 2), ["create", "start"])
    assert.includeMembers([...actions], [...exec, "pause", "unpause", "rename"])
    assert.sameMembers([...new Set(turned)], ["kill", "die", "stop", "start", "restart"])
    assert.deepEqual(await told(since, "{{.Actor.Attributes.exitCode}}", `container=${id}`, "event=exec_die"), ["2"])
  })

  it("tells of images, volumes and networks", async () => {
    const since = now()
    await on.docker.ok("tag", "busybox", "another:v1")
    await on.docker.ok("rmi", "another:v1")
    await on.docker.ok("volume", "create", "told-volume")
    await on.docker.ok("volume", "rm", "told-volume")
    await on.docker.ok("network", "create", "told-network")
    await on.docker.ok("network", "rm", "told-network")
    assert.deepEqual(await told(since, "{{.Action}}", "type=image"), ["tag", "untag"])
    assert.deepEqual(await told(since, "{{.Action}} {{.Actor.ID}}", "type=volume"), [
      "create told-volume",
      "destroy told-volume"
    ])
    assert.deepEqual(await told(since, "{{.Action}} {{.Actor.Attributes.name}}", "type=network"), [
      "create told-network",
      "destroy told-network"
    ])
  })

  it("lets through what any filter of a kind and all kinds allow", async () => {
    const since = now()
    for (const [name, label] of [
      ["one", "k=1"],
      ["two", "k=2"]
    ] as const) {
      await on.docker.ok("create", "--name", name, "--label", label, "busybox")
      await on.docker.ok("rm", name)
    }
    const format = "{{.Action}} {{.Actor.Attributes.name}}"
    assert.deepEqual(await told(since, format, "container=one"), ["create one", "destroy one"])
    assert.deepEqual(await told(since, format, "event=create", "label=k"), ["create one", "create two"])
    assert.deepEqual(await told(since, format, "label=k=2"), ["create two", "destroy two"])
    assert.deepEqual(await told(since, format, "container=one", "container=two", "event=destroy"), [
      "destroy one",
      "destroy two"
    ])
    assert.deepEqual(await told(since, format, "image=nothing"), [])
    assert.deepEqual(await told(since, format, "image=busybox", "event=create"), ["create one", "create two"])
  })

  it("cuts by --since and --until", async () => {
    await on.docker.ok("create", "--name", "before", "busybox")
    const between = now()
    await on.docker.ok("create", "--name", "after", "busybox")
    const filter = ["--filter", "event=create", "--format", "{{.Actor.Attributes.name}}"]
    const early = await on.docker.ok("events", "--since", "0", "--until", between, ...filter)
    assert.strictEqual(early.split("\n").at(-1), "before")
    assert.strictEqual(await on.docker.ok("events", "--since", between, "--until", now(), ...filter), "after")
    assert.include(await on.docker.ok("events", "--since", "1h", "--until", now(), ...filter), "before\nafter")
  })

  it("goes on telling until it is left", async () => {
    const client = on.docker.background("events", "--filter", "event=create", "--format", "{{.Actor.Attributes.name}}")
    let at = 0
    await until(
      "something is told while it listens",
      async () => {
        at += 1
        await on.docker.ok("create", "--name", `live${at}`, "busybox")
        return client.stdout().includes(`live`) ? true : undefined
      },
      40_000
    )
    client.kill()
    await client.ended
  })

  it("ends by itself at a time to come", async () => {
    const { code } = await on.docker.run(["events", "--until", String(Math.floor(Date.now() / 1000) + 2)])
    assert.strictEqual(code, 0)
  })

  it("is one line each, or JSON", async () => {
    const since = now()
    const id = await on.docker.ok("create", "--name", "shown", "--label", "z=1", "busybox")
    const line = await on.docker.ok("events", "--since", since, "--until", now())
    assert.match(
      line,
      new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:]+\\.\\d{9}Z container create ${id} \\(image=busybox, name=shown, z=1\\)$`)
    )
    const [json = ""] = await told(since, "{{json .}}")
    const event: unknown = JSON.parse(json)
    assert.containsSubset(event, {
      status: "create",
      id,
      from: "busybox",
      Type: "container",
      Action: "create",
      Actor: { ID: id, Attributes: { image: "busybox", name: "shown", z: "1" } },
      scope: "local"
    })
  })

  it.skipIf(target === "dockerd")("refuses a filter that it does not know", async () => {
    const { code, stderr } = await on.docker.run(["events", "--until", now(), "--filter", "nonsense=1"])
    assert.match(stderr, /^Error response from daemon: [iI]nvalid filter 'nonsense'\n$/)
    assert.strictEqual(code, 1)
  })
})
