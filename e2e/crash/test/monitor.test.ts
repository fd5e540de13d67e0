import { type Daemon, startTarget, until } from "@sockerless/e2e-kit"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

/** Many clients on a busy machine. */
const PATIENCE_MILLIS = 120_000
const CLIENTS = 50

let daemon: Daemon

const pidIn = (...path: ReadonlyArray<string>): number => Number(readFileSync(join(daemon.folder, ...path), "utf8"))

const monitorOf = (id: string): number => pidIn("exec", "bundles", id, "conmon.pid")

/** What the descriptors of a process stand for. */
const descriptorsOf = (pid: number): ReadonlyArray<string> =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      // Closed between the look and the reading.
      return []
    }
  })

const start = (...args: ReadonlyArray<string>): Promise<string> => daemon.docker.ok("run", "-d", ...args)
const inspect = (name: string, format: string): Promise<string> => daemon.docker.ok("inspect", "-f", format, name)

const runAll = (count: number, args: (at: number) => ReadonlyArray<string>) =>
  Promise.all(
    Array.from({ length: count }, (_, at) => daemon.docker.run(["run", ...args(at)], { millis: PATIENCE_MILLIS }))
  )

describe("the monitor of a container", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    daemon = await startTarget()
  }, 120_000)
  afterAll(() => daemon?.stop(), 120_000)

  it("holds neither the daemon's lock nor a socket of it", async () => {
    const id = await start("busybox", "sleep", "600")
    const held = descriptorsOf(monitorOf(id))
    const ofDaemon = new Set(descriptorsOf(daemon.pid()).filter((name) => name.startsWith("socket:")))
    assert.isAbove(ofDaemon.size, 0)
    assert.deepStrictEqual(
      held.filter((name) => ofDaemon.has(name) || name.endsWith("/data/lock")),
      []
    )
  })

  it("is missed when it is killed: the container is ended with 137 and its policy applied", async () => {
    const id = await start("--name", "orphan", "busybox", "sleep", "600")
    const orphaned = Number(await inspect("orphan", "{{.State.Pid}}"))
    const waiting = daemon.docker.run(["wait", "orphan"], { millis: PATIENCE_MILLIS })
    process.kill(monitorOf(id), "SIGKILL")
    assert.deepStrictEqual(await waiting, { code: 0, stdout: "137\n", stderr: "" })
    assert.strictEqual(await inspect("orphan", "{{.State.Status}} {{.State.Pid}}"), "exited 0")
    await until("its process is gone", () => (descriptorsIfAlive(orphaned) === 0 ? true : undefined))
    const restarted = await start("--name", "phoenix", "--restart", "always", "busybox", "sleep", "600")
    process.kill(monitorOf(restarted), "SIGKILL")
    await until(
      "it runs again",
      async () =>
        (await inspect("phoenix", "{{.State.Status}} {{.RestartCount}}")) === "running 1" ? true : undefined,
      PATIENCE_MILLIS
    )
  })

  it("of an exec whose daemon was killed leaves no file behind, and its process goes on", async () => {
    const id = await start("--name", "host", "busybox", "sleep", "600")
    const clients = [["-t"], []].map((options) =>
      daemon.docker.background("exec", ...options, "host", "sh", "-c", "touch /tmp/$$; sleep 600")
    )
    const folders = [join(daemon.folder, "data", "containers", id), join(daemon.folder, "exec", "bundles", id)]
    const left = () => folders.flatMap((folder) => readdirSync(folder)).filter((name) => name.startsWith("exec-"))
    const look = ["exec", "host", "sh", "-c", "ls /tmp | wc -l; ps | grep -c '[s]leep 600'"]
    // Refused while the container is being recovered, and by nobody while no daemon is there.
    const bothRun = async () => ((await daemon.docker.run(look)).stdout === "2\n3\n" ? true : undefined)
    await until("both run", async () => (left().length > 1 ? bothRun() : undefined), PATIENCE_MILLIS)
    const before = daemon.pid()
    process.kill(before, "SIGKILL")
    await Promise.all(clients.map((client) => client.ended))
    await until(
      "another daemon has recovered",
      async () => (daemon.pid() === before ? undefined : bothRun()),
      PATIENCE_MILLIS
    )
    assert.deepStrictEqual(left(), [])
  })

  it(`${CLIENTS} at once, each shorter than its start, keep their own ends and output`, async () => {
    const outcomes = await runAll(CLIENTS, (at) => ["--rm", "busybox", "sh", "-c", `echo line ${at}; exit ${at}`])
    outcomes.forEach((outcome, at) =>
      assert.deepStrictEqual(outcome, { code: at, stdout: `line ${at}\n`, stderr: "" }, `client ${at}`)
    )
  })

  it(`${CLIENTS} terminals at once lose nothing`, async () => {
    const outcomes = await runAll(CLIENTS, (at) => ["--rm", "-t", "busybox", "echo", `line ${at}`])
    outcomes.forEach((outcome, at) =>
      assert.deepStrictEqual(outcome, { code: 0, stdout: `line ${at}\r\n`, stderr: "" }, `client ${at}`)
    )
  })
})

const descriptorsIfAlive = (pid: number): number => {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    // Gone, or a zombie that may no longer be looked into.
    return 0
  }
}
