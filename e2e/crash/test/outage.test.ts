import { startSockerlessd, until, busyboxArchive, type Docker } from "@sockerless/e2e-kit"
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { checkCounting } from "../src/counting.ts"
import { readTraces } from "../src/traces.ts"
import { Victim } from "../src/victim.ts"

const inspect = (docker: Docker, name: string, format: string): Promise<string> =>
  docker.ok("inspect", "--format", format, name)

const pidOf = async (docker: Docker, name: string): Promise<number> =>
  Number(await inspect(docker, name, "{{.State.Pid}}"))

const isGone = (pid: number): boolean =>
  !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/status`, "utf8").includes("State:\tZ")

/** The monitor of a container, found among the machine's processes. */
const monitorOf = async (folder: string, id: string): Promise<number> => {
  const { processes } = await readTraces(folder)
  const [found] = [...processes].find(([, line]) => /^\S*conmon /.test(line) && line.includes(` -c ${id} `)) ?? []
  if (found === undefined) throw new Error(`no monitor of ${id} among ${[...processes.values()].join("\n")}`)
  return found
}

const counting = "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done"

const checkLog = async (docker: Docker, name: string) => {
  const lines = (await docker.ok("logs", name)).split("\n")
  checkCounting(name, lines, { least: 1, most: 1 })
  return lines.length
}

describe("while no daemon is there", { timeout: 180_000 }, () => {
  let victim: Victim
  let docker: Docker
  let shared: string
  beforeAll(async () => {
    victim = await Victim.start()
    docker = victim.daemon.docker
    shared = join(victim.daemon.folder, "shared")
    mkdirSync(shared)
    await docker.run(["load"], { input: await busyboxArchive() })
  })
  afterAll(() => victim.end())

  const run = (name: string, script: string, ...options: ReadonlyArray<string>) =>
    docker.ok("run", "-d", "--name", name, "-v", `${shared}:/shared`, ...options, "busybox", "sh", "-c", script)
  const until0 = (what: string, file: string) =>
    until(what, () => (existsSync(join(shared, file)) ? true : undefined), 60_000)

  it("containers run, log and end as if there were one", async () => {
    await run("counter", counting)
    await run("server", "httpd -f -p 8080 -h /etc", "-p", "127.0.0.1:0:8080")
    const quick = "until [ -e /shared/dead ]; do sleep 0.05; done"
    await run("ends", `${quick}; touch /shared/ended; exit 7`)
    const removed = await run("removed", `${quick}; touch /shared/removed; exit 3`, "--rm")
    await run("talks", `${quick}; yes 0123456789abcdef | head -c 2000000; touch /shared/talked; sleep 600`)
    const before = await pidOf(docker, "counter")
    const [ending, removing] = [await pidOf(docker, "ends"), await pidOf(docker, "removed")]
    const port = (await docker.ok("port", "server", "8080")).split(":")[1]
    let backAt = 0
    await victim.killAndHold(async () => {
      mkdirSync(join(shared, "dead"))
      await until0("it ends", "ended")
      await until0("the one that removes itself ends", "removed")
      await until0("2 MB of output were taken", "talked")
      await until("their processes are gone", () => (isGone(ending) && isGone(removing) ? true : undefined), 60_000)
      const answer = await fetch(`http://127.0.0.1:${port}/hostname`)
      assert.strictEqual(answer.status, 200)
      backAt = Date.now()
    })
    assert.strictEqual(await inspect(docker, "ends", "{{.State.Status}} {{.State.ExitCode}}"), "exited 7")
    const finishedAt = Date.parse(await inspect(docker, "ends", "{{.State.FinishedAt}}"))
    assert.isAtLeast(finishedAt, Math.floor(statSync(join(shared, "ended")).mtimeMs))
    assert.isAtMost(finishedAt, backAt)
    assert.strictEqual(await docker.ok("ps", "-aq", "--filter", "name=removed"), "")
    assert.strictEqual(await docker.ok("wait", removed), "3")
    assert.strictEqual(await pidOf(docker, "counter"), before)
    const lines = await checkLog(docker, "counter")
    await until(
      "it goes on counting",
      async () => ((await checkLog(docker, "counter")) > lines ? true : undefined),
      60_000
    )
    assert.strictEqual((await docker.ok("logs", "talks")).length, 2_000_000)
  })

  it("kills during recovery converge", async () => {
    const before = await pidOf(docker, "counter")
    await victim.kill([0, 40, 80, 120])
    assert.strictEqual(await pidOf(docker, "counter"), before)
    await checkLog(docker, "counter")
  })

  it("a killed monitor is noticed, then or later", async () => {
    const during = await run("watched", "sleep 600")
    const meanwhile = await run("unwatched", "sleep 600")
    const pids = [await pidOf(docker, "watched"), await pidOf(docker, "unwatched")]
    process.kill(await monitorOf(victim.daemon.folder, during), "SIGKILL")
    assert.strictEqual(await docker.ok("wait", "watched"), "137")
    await victim.killAndHold(async () => {
      process.kill(await monitorOf(victim.daemon.folder, meanwhile), "SIGKILL")
    })
    assert.strictEqual(await inspect(docker, "unwatched", "{{.State.Status}} {{.State.ExitCode}}"), "exited 137")
    await until("no process is left", () => (pids.every(isGone) ? true : undefined), 60_000)
  })
})

describe("a new daemon on the state of a dead one", { timeout: 120_000 }, () => {
  it("takes over what runs", async () => {
    const first = await startSockerlessd()
    await first.docker.run(["load"], { input: await busyboxArchive() })
    await first.docker.ok("run", "-d", "--name", "survivor", "busybox", "sh", "-c", counting)
    const pid = await pidOf(first.docker, "survivor")
    await first.kill()
    const second = await startSockerlessd({ folder: first.folder })
    try {
      assert.strictEqual(await pidOf(second.docker, "survivor"), pid)
      await checkLog(second.docker, "survivor")
    } finally {
      await second.stop()
    }
  })
})
