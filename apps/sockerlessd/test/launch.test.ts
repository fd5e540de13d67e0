import { assert, describe, it } from "@effect/vitest"
import { listenUnixHeld } from "@sockerless/libc"
import { spawn } from "node:child_process"
import { closeSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { get, launched, mainFile, until } from "./fixtures/launched.ts"

const root = process.getuid?.() === 0

const reached = (socketPath: string) => until("the daemon answers", () => get({ socketPath }).catch(() => undefined))

describe.skipIf(!root)("launcher and supervisor (need root)", () => {
  it("answer on a socket that only root and its group may use, with the daemon's pid in the pid file", async () => {
    const run = launched()
    const { child, ended } = run.start()
    const pid = await reached(run.socket)
    assert.strictEqual(run.pid(), Number(pid))
    assert.strictEqual(statSync(run.socket).mode & 0o777, 0o660)
    assert.strictEqual(
      readFileSync(join(run.folder, "exec", "sockerlessd.pid.supervisor"), "utf8").trim(),
      String(child.pid)
    )
    child.kill("SIGTERM")
    assert.strictEqual(await ended, 0)
    await until("the daemon is dead", () => (existsSync(`/proc/${pid}/exe`) ? undefined : true))
    run.remove()
  })

  it("keep clients waiting, never refused, while a killed daemon is replaced", async () => {
    const run = launched()
    const { child, ended } = run.start()
    await reached(run.socket)
    for (let kill = 0; kill < 3; kill += 1) {
      await until("ready", () => (run.output().split('"msg":"ready"').length === kill + 2 ? true : undefined))
      const victim = run.pid()
      process.kill(victim, "SIGKILL")
      await until("the victim is dead", () => (existsSync(`/proc/${victim}/exe`) ? undefined : true))
      const answers = await Promise.all(Array.from({ length: 20 }, () => get({ socketPath: run.socket })))
      assert.lengthOf(new Set(answers), 1)
      assert.notStrictEqual(answers[0], String(victim))
    }
    child.kill("SIGTERM")
    await ended
    run.remove()
  })

  it("end when somebody ends the daemon itself with SIGTERM", async () => {
    const run = launched()
    const { ended } = run.start()
    process.kill(Number(await reached(run.socket)), "SIGTERM")
    assert.strictEqual(await ended, 0)
    run.remove()
  })

  it("leave the daemon serving when the supervisor is killed, and refuse a second one on the same state", async () => {
    const run = launched()
    const first = run.start()
    const pid = await reached(run.socket)
    first.child.kill("SIGKILL")
    await first.ended
    assert.strictEqual(await get({ socketPath: run.socket }), pid)
    assert.strictEqual(await run.start().ended, 1)
    assert.match(run.output(), /another sockerlessd uses the data root/)
    process.kill(Number(pid), "SIGKILL")
    await until("dead", () => (existsSync(`/proc/${pid}/exe`) ? undefined : true))
    const again = run.start()
    assert.notStrictEqual(await reached(run.socket), pid)
    again.child.kill("SIGTERM")
    await again.ended
    run.remove()
  })

  it("give up when the daemon says that another start cannot help", async () => {
    const run = launched([], { FIXTURE_DIES: "78" })
    assert.strictEqual(await run.start().ended, 1)
    run.remove()
  })

  it("refuse a socket path that another process serves", async () => {
    const run = launched()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(run.socket, resolve))
    assert.strictEqual(await run.start().ended, 1)
    assert.match(run.output(), /another process serves it/)
    other.close()
    run.remove()
  })

  it("serve a socket that systemd passed (fd://)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockerlessd-test-"))
    const path = join(folder, "passed.sock")
    const fd = listenUnixHeld(path, 16)
    const args = ["-H", "fd://", "--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")]
    const script = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
    const child = spawn("sh", ["-c", script, "sh", process.execPath, mainFile, ...args], {
      stdio: ["ignore", "ignore", "ignore", fd]
    })
    closeSync(fd)
    const ended = new Promise((resolve) => child.once("exit", resolve))
    assert.match(await reached(path), /^\d+$/)
    child.kill("SIGTERM")
    await ended
    rmSync(folder, { recursive: true })
  })

  it("serve metrics, liveness and readiness on the metrics address", async () => {
    const run = launched(["--metrics-addr", "127.0.0.1:19323"])
    const { child, ended } = run.start()
    await until("ready", () => (run.output().includes('"msg":"ready"') ? true : undefined))
    assert.strictEqual(await get({ port: 19323, path: "/livez" }), "ok\n")
    assert.strictEqual(await get({ port: 19323, path: "/readyz" }), "ok\n")
    const metrics = await get({ port: 19323, path: "/metrics" })
    assert.match(metrics, /engine_daemon_container_states_containers\{state="stopped"\} 2/)
    assert.match(metrics, /sockerless_recovery_adopted_total 1/)
    child.kill("SIGTERM")
    await ended
    run.remove()
  })
})
