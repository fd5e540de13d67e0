import { target, until } from "@sockerless/e2e-kit"
import { assert, describe, it } from "vitest"
import { byClient, fromDaemon, judged, missing } from "../src/index.ts"

const on = judged()
const { printed } = on
const run = (name: string, ...options: ReadonlyArray<string>): Promise<string> =>
  on.docker.ok("run", "-d", "--name", name, ...options, "busybox", "sleep", "3000")
const inside = (name: string, line: string) => on.docker.run(["exec", name, "sh", "-c", line])
const create = (name: string, ...options: ReadonlyArray<string>): Promise<string> =>
  on.docker.ok("network", "create", ...options, name)
const inspect = (name: string, template: string): Promise<string> =>
  on.docker.ok("network", "inspect", "-f", template, name)

/** Whether one container reaches another by this name. */
const reaches = (from: string, name: string): Promise<boolean> =>
  inside(from, `ping -c 1 -W 2 ${name}`).then(({ code }) => code === 0)

const reached = (from: string, name: string): Promise<true> =>
  until(`${from} reaches ${name}`, async () => ((await reaches(from, name)) ? true : undefined), 40_000)

const service = ["sh", "-c", "exec nc -ll -p 7000 -e hostname"]

describe("docker network create", () => {
  it("makes a bridge that ls and inspect show, with labels, subnet and gateway", async () => {
    const id = await create("made", "--label", "a=b", "--subnet", "10.89.77.0/24", "--gateway", "10.89.77.1")
    assert.match(id, /^[0-9a-f]{64}$/)
    assert.strictEqual(await on.docker.ok("network", "ls", "-q", "--no-trunc", "--filter", "label=a=b"), id)
    assert.strictEqual(
      await on.docker.ok("network", "ls", "--filter", "name=made", "--format", "{{.Name}} {{.Driver}} {{.Scope}}"),
      "made bridge local"
    )
    assert.strictEqual(
      await inspect("made", "{{.Id}} {{.Driver}} {{.Internal}} {{json .Labels}}"),
      `${id} bridge false {"a":"b"}`
    )
    assert.strictEqual(
      await inspect("made", "{{json .IPAM.Config}}"),
      '[{"Subnet":"10.89.77.0/24","Gateway":"10.89.77.1"}]'
    )
    assert.strictEqual(await printed(["--network", "made", "--ip", "10.89.77.9"], "hostname -i"), "10.89.77.9\n")
    assert.strictEqual(await on.docker.ok("network", "rm", "made"), "made")
  })

  it("refuses a second one of the same name, an unknown driver and a subnet that is none", async () => {
    await create("twice")
    await on.fails(1, fromDaemon("network with name twice already exists"), "network", "create", "twice")
    const driver = await on.docker.run(["network", "create", "-d", "nosuch", "odd"])
    assert.deepEqual([driver.code, driver.stderr.includes("nosuch")], [1, true])
    const subnet = await on.docker.run(["network", "create", "--subnet", "300.0.0.0/8", "odd"])
    assert.deepEqual([subnet.code, /invalid/i.test(subnet.stderr)], [1, true])
    await on.docker.ok("network", "rm", "twice")
  })

  // dockerd of 20.10 gave them a route that led nowhere.
  it.skipIf(target === "dockerd")("makes a network without a way out with --internal", async () => {
    await create("inner", "--internal")
    const routes = await printed(["--network", "inner"], "ip route | grep -c default || true")
    assert.strictEqual(routes, "0\n")
    await on.docker.ok("network", "rm", "inner")
  })
})

describe("names on a user-defined network", () => {
  it("lead to the container, by name, alias, short id and host name's absence", async () => {
    await create("named")
    const id = await on.docker.ok(
      "run",
      "-d",
      "--name",
      "web",
      "--network",
      "named",
      "--network-alias",
      "www",
      "busybox",
      ...service
    )
    await run("client", "--network", "named")
    for (const name of ["web", "www", id.slice(0, 12)]) await reached("client", name)
    await until(
      "the service answers",
      async () =>
        (await inside("client", "nc web 7000 </dev/null")).stdout === `${id.slice(0, 12)}\n` ? true : undefined,
      40_000
    )
    assert.isFalse(await reaches("client", "nosuch"))
    const answer = await inside("client", "nslookup web. 127.0.0.11 | tail -n +3 | grep -c Address")
    assert.strictEqual(answer.stdout, "1\n")
    assert.include((await inside("client", "cat /etc/resolv.conf")).stdout, "nameserver 127.0.0.11")
    assert.include(await inspect("named", "{{range .Containers}}{{.Name}} {{end}}"), "web")
  })

  it("follow a rename of nothing, a stop and a new start", async () => {
    await create("moving")
    await run("here", "--network", "moving")
    await run("asker", "--network", "moving")
    await reached("asker", "here")
    await on.docker.ok("stop", "-t", "0", "here")
    assert.isFalse(await reaches("asker", "here"))
    await on.docker.ok("start", "here")
    await reached("asker", "here")
  })

  it("are unknown on the default bridge", async () => {
    await run("plain1")
    await run("plain2")
    assert.isFalse(await reaches("plain2", "plain1"))
    const address = await on.docker.ok("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "plain1")
    await reached("plain2", address)
  })

  it("are known on the default bridge to one that is linked", async () => {
    await run("database")
    const answer = await printed(["--link", "database:db"], "ping -c 1 -W 2 db >/dev/null && grep -c 'db' /etc/hosts")
    assert.strictEqual(answer, "1\n")
  })

  it("are the same for two containers with one alias", async () => {
    await create("pool")
    for (const name of ["member1", "member2"]) await run(name, "--network", "pool", "--network-alias", "members")
    const addresses = await until(
      "both are told",
      async () => {
        const told = await printed(
          ["--network", "pool"],
          "nslookup members. 127.0.0.11 | tail -n +3 | grep Address | sort -u | wc -l"
        )
        return told === "2\n" ? told : undefined
      },
      40_000
    )
    assert.strictEqual(addresses, "2\n")
  })
})

describe("docker network connect", () => {
  it("gives a running container a further network, with aliases, and disconnect takes it away", async () => {
    await create("first")
    await create("second")
    await run("both", "--network", "first")
    await run("peer", "--network", "second")
    await on.docker.ok("network", "connect", "--alias", "other", "second", "both")
    await reached("peer", "both")
    await reached("peer", "other")
    await reached("both", "peer")
    const names = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}"
    assert.strictEqual(await on.docker.ok("inspect", "-f", names, "both"), "first second ")
    assert.strictEqual((await inside("both", "ls /sys/class/net")).stdout, "eth0\neth1\nlo\n")
    await on.docker.ok("network", "disconnect", "second", "both")
    assert.strictEqual(await on.docker.ok("inspect", "-f", names, "both"), "first ")
    assert.isFalse(await reaches("peer", "both"))
  })

  it("takes a container that does not run yet, at the address of --ip", async () => {
    await create("later", "--subnet", "10.89.78.0/24")
    await on.docker.ok("create", "--name", "unborn", "busybox", "sleep", "600")
    await on.docker.ok("network", "connect", "--ip", "10.89.78.77", "later", "unborn")
    await on.docker.ok("start", "unborn")
    const address = "{{.NetworkSettings.Networks.later.IPAddress}}"
    assert.strictEqual(await on.docker.ok("inspect", "-f", address, "unborn"), "10.89.78.77")
  })

  it("says what is not there, and what is there already", async () => {
    await create("known")
    await run("member", "--network", "known")
    await on.fails(1, fromDaemon("network nosuch not found"), "network", "connect", "nosuch", "member")
    await on.fails(1, fromDaemon("No such container: nosuch"), "network", "connect", "known", "nosuch")
    await on.fails(
      1,
      fromDaemon("endpoint with name member already exists in network known"),
      "network",
      "connect",
      "known",
      "member"
    )
    await create("apart")
    const { code, stderr } = await on.docker.run(["network", "disconnect", "apart", "member"])
    assert.match(stderr, /container .* is not connected to (the )?network apart/)
    assert.strictEqual(code, 1)
  })
})

describe("docker network rm", () => {
  it("is refused while a container is connected, and for Docker's own networks", async () => {
    await create("busy")
    await run("user", "--network", "busy")
    const { code, stderr } = await on.docker.run(["network", "rm", "busy"])
    assert.match(stderr, /error while removing network: network busy .*has active endpoints/)
    assert.strictEqual(code, 1)
    for (const name of ["bridge", "host", "none"]) {
      const refused = await on.docker.run(["network", "rm", name])
      assert.include(refused.stderr, `${name} is a pre-defined network and cannot be removed`)
      assert.strictEqual(refused.code, 1)
    }
    await on.docker.ok("rm", "-f", "user")
    assert.strictEqual(await on.docker.ok("network", "rm", "busy"), "busy")
    const again = await on.docker.run(["network", "rm", "busy"])
    const absent = byClient({ current: fromDaemon("network busy not found"), debian: missing("network", "busy") })
    assert.include(again.stderr, absent)
  })
})

describe("docker network prune", () => {
  it("removes those without containers", async () => {
    await create("idle", "--label", "prune=1")
    await create("needed", "--label", "prune=1")
    await run("needs", "--network", "needed")
    assert.strictEqual(
      await on.docker.ok("network", "prune", "-f", "--filter", "label=prune=1"),
      "Deleted Networks:\nidle\n"
    )
    assert.strictEqual(
      await on.docker.ok("network", "ls", "--filter", "label=prune=1", "--format", "{{.Name}}"),
      "needed"
    )
  })
})

describe("two user-defined networks", () => {
  it("are apart from each other", async () => {
    await create("east")
    await create("west")
    await run("easterner", "--network", "east")
    await run("westerner", "--network", "west")
    const address = await on.docker.ok("inspect", "-f", "{{.NetworkSettings.Networks.east.IPAddress}}", "easterner")
    assert.isFalse(await reaches("westerner", address))
    assert.isFalse(await reaches("westerner", "easterner"))
  })
})

describe("docker network ls", () => {
  it("shows Docker's own networks", async () => {
    const shown = (
      await on.docker.ok("network", "ls", "--filter", "type=builtin", "--format", "{{.Name}} {{.Driver}}")
    ).split("\n")
    assert.sameMembers(shown, ["bridge bridge", "host host", "none null"])
    assert.strictEqual(await on.docker.ok("network", "ls", "-q", "--filter", "name=nosuch"), "")
    const { code, stderr } = await on.docker.run(["network", "ls", "--filter", "nonsense=1"])
    assert.include(stderr.toLowerCase(), "invalid filter 'nonsense")
    assert.strictEqual(code, 1)
  })
})
