import { target, until } from "@sockerless/e2e-kit"
import { assert, describe, it } from "vitest"
import { byClient, fromDaemon, judged, lacks, missing } from "../src/index.ts"

const on = judged()
const of = (name: string, template: string): Promise<string> => on.docker.ok("inspect", "-f", template, name)
const state = "{{.State.Status}} {{.State.ExitCode}}"

const sleeper = (name: string, ...options: ReadonlyArray<string>): Promise<string> =>
  on.docker.ok("run", "-d", "--name", name, ...options, "busybox", "sleep", "3000")

/** Sleeps until told to end by SIGTERM, then ends with 3. */
const polite = (name: string, ...options: ReadonlyArray<string>): Promise<string> =>
  on.docker.ok(
    ...["run", "-d", "--name", name, ...options, "busybox"],
    ...["sh", "-c", "trap 'exit 3' TERM; trap 'exit 4' USR1; touch /ready; while :; do sleep 0.05; done"]
  )

const ready = (name: string): Promise<true> =>
  until(
    `${name} is ready`,
    async () => ((await on.docker.run(["exec", name, "ls", "/ready"])).code === 0 ? true : undefined),
    40_000
  )

describe("docker create and start", () => {
  it("print the id and the name, and the container goes from created to running", async () => {
    const id = await on.docker.ok("create", "--name", "made", "busybox", "sleep", "600")
    assert.match(id, /^[0-9a-f]{64}$/)
    assert.strictEqual(await of("made", "{{.State.Status}} {{.State.Running}} {{.State.Pid}}"), "created false 0")
    assert.strictEqual(await on.docker.ok("start", "made"), "made")
    assert.match(
      await of(id.slice(0, 6), "{{.State.Status}} {{.State.Running}} {{.State.Pid}}"),
      /^running true [1-9]\d*$/
    )
    assert.strictEqual(await on.docker.ok("start", "made"), "made")
  })

  it("say what is not there", async () => {
    const text = `${fromDaemon("No such container: nosuch")}${byClient({
      current: "failed to start containers: nosuch\n",
      debian: "Error: failed to start containers: nosuch\n"
    })}`
    const { code, stderr } = await on.docker.run(["start", "nosuch"])
    assert.strictEqual(stderr.replace("Error: failed", "failed"), text.replace("Error: failed", "failed"))
    assert.strictEqual(code, 1)
  })
})

describe("docker stop", () => {
  it("ends the process by SIGTERM, and a second stop does nothing", async () => {
    await polite("asked")
    await ready("asked")
    assert.strictEqual(await on.docker.ok("stop", "asked"), "asked")
    assert.strictEqual(await of("asked", state), "exited 3")
    assert.strictEqual(await on.docker.ok("stop", "asked"), "asked")
  })

  it("kills what does not listen after -t seconds", async () => {
    await sleeper("deaf")
    await on.docker.ok("stop", "-t", "1", "deaf")
    assert.strictEqual(await of("deaf", state), "exited 137")
  })

  it("sends the signal of --stop-signal", async () => {
    await polite("own-signal", "--stop-signal", "USR1")
    await ready("own-signal")
    await on.docker.ok("stop", "own-signal")
    assert.strictEqual(await of("own-signal", state), "exited 4")
  })

  it.skipIf(lacks("--signal", 23) || target === "dockerd")("sends the signal of its own --signal", async () => {
    await polite("given-signal")
    await ready("given-signal")
    await on.docker.ok("stop", "--signal", "SIGUSR1", "given-signal")
    assert.strictEqual(await of("given-signal", state), "exited 4")
  })

  it("ends several at once", async () => {
    await Promise.all([sleeper("many1"), sleeper("many2"), sleeper("many3")])
    const stopped = await on.docker.ok("stop", "-t", "0", "many1", "many2", "many3")
    assert.strictEqual(stopped, "many1\nmany2\nmany3")
  })
})

describe("docker kill", () => {
  it("sends any signal, by name or number", async () => {
    await polite("signalled")
    await ready("signalled")
    await on.docker.ok("kill", "-s", "USR1", "signalled")
    assert.strictEqual(await on.docker.ok("wait", "signalled"), "4")
    await on.docker.ok("start", "signalled")
    await ready("signalled")
    await on.docker.ok("kill", "-s", "15", "signalled")
    assert.strictEqual(await on.docker.ok("wait", "signalled"), "3")
  })

  it("is refused for one that does not run, one that is not there, and a signal that is none", async () => {
    const id = await on.docker.ok("create", "--name", "idle", "busybox")
    const refusal =
      target === "dockerd"
        ? `Cannot kill container: idle: Container ${id} is not running`
        : `cannot kill container: idle: container ${id} is not running`
    await on.fails(1, fromDaemon(refusal), "kill", "idle")
    const absent =
      target === "dockerd"
        ? "Cannot kill container: nosuch: No such container: nosuch"
        : "cannot kill container: nosuch: No such container: nosuch"
    await on.fails(1, fromDaemon(absent), "kill", "nosuch")
    await sleeper("target")
    const invalid = target === "dockerd" ? "Invalid signal: NONSENSE" : "invalid signal: NONSENSE"
    await on.fails(1, fromDaemon(invalid), "kill", "-s", "NONSENSE", "target")
  })
})

describe("docker restart", () => {
  it("gives a new process in the same container, with its files", async () => {
    await sleeper("turned")
    await on.docker.ok("exec", "turned", "touch", "/kept")
    const before = await of("turned", "{{.State.Pid}} {{.State.StartedAt}}")
    assert.strictEqual(await on.docker.ok("restart", "-t", "0", "turned"), "turned")
    const after = await of("turned", "{{.State.Pid}} {{.State.StartedAt}}")
    assert.notStrictEqual(after, before)
    assert.strictEqual(await on.docker.ok("exec", "turned", "ls", "/kept"), "/kept")
  })

  it("starts one that had ended, also one with --rm that runs", async () => {
    await on.docker.run(["run", "--name", "over", "busybox", "sh", "-c", "test -e /x && exec sleep 600; touch /x"])
    await on.docker.ok("restart", "over")
    assert.strictEqual(await of("over", "{{.State.Running}}"), "true")
    await sleeper("fragile", "--rm")
    await on.docker.ok("restart", "-t", "0", "fragile")
    assert.strictEqual(await of("fragile", "{{.State.Running}}"), "true")
  })
})

describe("docker wait", () => {
  it("prints the code of one that runs, when it ends, and at once of one that has ended", async () => {
    await sleeper("awaited")
    const client = on.docker.background("wait", "awaited")
    await on.docker.ok("kill", "awaited")
    assert.deepEqual(await client.ended, { code: 0, stdout: "137\n", stderr: "" })
    assert.strictEqual(await on.docker.ok("wait", "awaited"), "137")
  })

  it("prints the codes of several, in their order", async () => {
    for (const code of ["1", "2"])
      await on.docker.run(["run", "--name", `w${code}`, "busybox", "sh", "-c", `exit ${code}`])
    assert.strictEqual(await on.docker.ok("wait", "w2", "w1"), "2\n1")
    await on.fails(1, fromDaemon("No such container: nosuch"), "wait", "nosuch")
  })
})

describe("docker pause", () => {
  it("holds all processes still until unpause", async () => {
    const line = "i=0; while :; do i=$((i+1)); echo $i >/new; mv /new /count; sleep 0.02; done"
    await on.docker.ok("run", "-d", "--name", "held", "busybox", "sh", "-c", line)
    assert.strictEqual(await on.docker.ok("pause", "held"), "held")
    assert.strictEqual(await of("held", "{{.State.Status}} {{.State.Paused}} {{.State.Running}}"), "paused true true")
    assert.match(await on.docker.ok("ps", "--filter", "name=held", "--format", "{{.Status}}"), /\(Paused\)$/)
    await on.fails(
      1,
      fromDaemon(
        `${target === "dockerd" ? "Container" : "container"} ${await of("held", "{{.Id}}")} is already paused`
      ),
      "pause",
      "held"
    )
    assert.strictEqual(await on.docker.ok("unpause", "held"), "held")
    const count = async () => Number(await on.docker.ok("exec", "held", "cat", "/count"))
    const seen = await count()
    await until("it counts again", async () => ((await count()) > seen ? true : undefined), 40_000)
  })

  it("does not keep a container from being removed", async () => {
    await sleeper("frozen")
    await on.docker.ok("pause", "frozen")
    assert.strictEqual(await on.docker.ok("rm", "-f", "frozen"), "frozen")
  })
})

describe("docker rename", () => {
  it("gives another name, and frees the old one", async () => {
    const id = await sleeper("old-name")
    await on.docker.ok("rename", "old-name", "new-name")
    assert.strictEqual(await of("new-name", "{{.Name}} {{.Id}}"), `/new-name ${id}`)
    await sleeper("old-name")
  })

  it("is refused for a name that is taken, and for no name", async () => {
    const holder = await sleeper("holder")
    await sleeper("seeker")
    const taken = `Conflict. The container name "/holder" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`
    const { code, stderr } = await on.docker.run(["rename", "seeker", "holder"])
    assert.include(stderr, target === "dockerd" ? "already in use" : `Error when allocating new name: ${taken}`)
    assert.strictEqual(code, 1)
  })
})

describe("docker update", () => {
  it("changes limits of one that runs", async () => {
    await sleeper("bounded", "-m", "64m")
    assert.strictEqual(await on.docker.ok("update", "-m", "48m", "--memory-swap", "96m", "bounded"), "bounded")
    const read = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max"
    assert.strictEqual(await on.docker.ok("exec", "bounded", "sh", "-c", read), "50331648")
    assert.strictEqual(await of("bounded", "{{.HostConfig.Memory}}"), "50331648")
  })

  it("changes the restart policy", async () => {
    await sleeper("policed")
    await on.docker.ok("update", "--restart", "on-failure:3", "policed")
    assert.strictEqual(
      await of("policed", "{{json .HostConfig.RestartPolicy}}"),
      '{"Name":"on-failure","MaximumRetryCount":3}'
    )
  })

  it("says what is not there", () =>
    on.fails(1, fromDaemon("No such container: nosuch"), "update", "-m", "64m", "nosuch"))
})

describe("docker rm", () => {
  it("removes what has ended, and what runs only by force", async () => {
    const id = await sleeper("stubborn")
    const { code, stderr } = await on.docker.run(["rm", "stubborn"])
    const refusal =
      target === "dockerd"
        ? `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`
        : `cannot remove container "/stubborn": container is running: stop the container before removing or force remove`
    assert.deepEqual([code, stderr], [1, fromDaemon(refusal)])
    assert.strictEqual(await on.docker.ok("rm", "-f", "stubborn"), "stubborn")
    assert.strictEqual(await on.docker.ok("ps", "-aq", "--filter", "name=stubborn"), "")
  })

  it("says what is not there, but for -f", async () => {
    await on.fails(1, missing("container", "nosuch"), "rm", "nosuch")
    const { code, stderr } = await on.docker.run(["rm", "-f", "nosuch"])
    assert.deepEqual(
      [code, stderr],
      byClient({
        current: [0, fromDaemon("No such container: nosuch")],
        debian: [0, "Error: No such container: nosuch\n"]
      })
    )
  })

  it("gives a waiting client its code", async () => {
    await sleeper("removed-while-awaited")
    const client = on.docker.background("wait", "removed-while-awaited")
    await until("somebody waits", async () =>
      (await on.docker.ok("ps", "-q", "--filter", "name=removed-while-awaited")) === "" ? undefined : true
    )
    await on.docker.ok("kill", "removed-while-awaited")
    assert.strictEqual((await client.ended).stdout, "137\n")
    await on.docker.ok("rm", "removed-while-awaited")
  })
})

describe("docker container prune", () => {
  it("removes what does not run, within its filters", async () => {
    await on.docker.run(["run", "--name", "pruned", "--label", "prune=yes", "busybox", "true"])
    await on.docker.run(["run", "--name", "spared", "--label", "prune=no", "busybox", "true"])
    await sleeper("alive", "--label", "prune=yes")
    const told = await on.docker.ok("container", "prune", "-f", "--filter", "label=prune=yes")
    assert.match(told, /^Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: /)
    const left = (await on.docker.ok("ps", "-a", "--filter", "label=prune", "--format", "{{.Names}}")).split("\n")
    assert.sameMembers(left, ["spared", "alive"])
  })
})
