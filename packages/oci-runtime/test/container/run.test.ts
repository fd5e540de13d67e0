import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schedule } from "effect"
import { readFileSync, writeFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import {
  endOrphan,
  observe,
  remove,
  resize,
  signal,
  stats,
  sweep,
  top,
  update,
  pause,
  resume,
  isPaused
} from "../../src/index.ts"
import { processesIn } from "../../src/container/cgroups.ts"
import { machine, missing } from "./machine.ts"

const sh = (script: string) => ({ argv: ["sh", "-c", script] })

describe.skipIf(missing !== undefined)(`running a container (${missing ?? "real runtime"})`, () => {
  it.live("gives its exit code and everything it printed", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { run } = yield* machine
        const { exit, output } = yield* run(sh("echo out; echo err >&2; exit 7"))
        assert.strictEqual(exit.exitCode, 7)
        assert.include(output, "out")
        assert.include(output, "err")
      })
    )
  )

  it.live("says 127, 126 and 128 in Docker's words when the process cannot start", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { started, spec } = yield* machine
        const failure = (over: Parameters<typeof spec>[0] & object) => Effect.flip(started(over))
        const missingProgram = yield* failure({ argv: ["nope"] })
        assert.include(missingProgram.message, `exec: "nope": executable file not found in $PATH: unknown`)
        assert.strictEqual(missingProgram._tag === "StartFailed" && missingProgram.exitCode, 127)
        const missingPath = yield* failure({ argv: ["/bin/nope"] })
        assert.include(missingPath.message, `no such file or directory`)
        const denied = yield* failure({ argv: ["/etc/passwd"] })
        assert.include(denied.message, "permission denied")
        assert.strictEqual(denied._tag === "StartFailed" && denied.exitCode, 126)
        const folder = yield* failure({ argv: ["/etc"] })
        assert.match(folder.message, /is a directory/)
        assert.strictEqual(folder._tag === "StartFailed" && folder.exitCode, 126)
        const user = yield* failure({ user: "nobody-here" })
        assert.strictEqual(user.message, "unable to find user nobody-here: no matching entries in passwd file")
      })
    )
  )

  it.live("runs as the user, groups and folder asked for", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { run } = yield* machine
        assert.strictEqual(
          (yield* run({ ...sh("id -u; id -g; id -G; pwd; echo $HOME"), user: "app", workingDir: "/tmp" })).output,
          "1000\n1000\n1000 2000\n/tmp\n/home/app"
        )
        assert.strictEqual((yield* run({ ...sh("id -u; id -g"), user: "4242:app" })).output, "4242\n1000")
      })
    )
  )

  it.live("confines: capabilities, masked paths, read-only root, limits, its own host name", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { run, spec } = yield* machine
        const base = spec()
        const { output } = yield* run({
          ...sh(
            "grep CapBnd /proc/self/status; hostname; touch /x 2>&1; ulimit -n; (cat /proc/keys || true) 2>/dev/null | wc -c; mount | grep -c ' /sys '"
          ),
          rootfs: { ...base.rootfs, readOnly: true },
          ulimits: [{ name: "nofile", soft: 100, hard: 99_999_999 }]
        })
        assert.deepStrictEqual(output.split("\n").slice(0, 5), [
          "CapBnd:\t00000000a80425fb",
          "box",
          "touch: /x: Read-only file system",
          "100",
          "0"
        ])
        const privileged = yield* run({ ...sh("grep CapBnd /proc/self/status"), privileged: true })
        assert.notInclude(privileged.output, "a80425fb")
      })
    )
  )

  it.live("mounts binds, tmpfs and an init in front", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { run, root, tools } = yield* machine
        mkdirSync(join(root, "share"))
        writeFileSync(join(root, "share", "file"), "shared\n")
        const { output } = yield* run({
          ...sh("cat /mnt/file; touch /mnt/x 2>&1; df -k /scratch | tail -1 | awk '{print $2}'; cat /proc/1/comm"),
          initPath: tools.initPath,
          mounts: [
            {
              type: "bind",
              source: join(root, "share"),
              destination: "/mnt",
              readOnly: true,
              recursive: true,
              propagation: "rprivate"
            },
            { type: "tmpfs", destination: "/scratch", options: ["size=1m"] }
          ]
        })
        assert.deepStrictEqual(output.split("\n"), [
          "shared",
          "touch: /mnt/x: Read-only file system",
          "1024",
          "docker-init"
        ])
      })
    )
  )

  it.live("tells a kill by memory from a kill by signal", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { run, started, exitOf } = yield* machine
        const oom = yield* run({
          ...sh("x=a; while true; do x=$x$x; done"),
          resources: { memoryBytes: 16 * 1024 * 1024 }
        })
        assert.deepStrictEqual([oom.exit.exitCode, oom.exit.oomKilled], [137, true])
        const { running } = yield* started({ argv: ["sleep", "60"] })
        assert.isTrue(yield* signal(running, 9))
        const killed = yield* exitOf(running.id)
        assert.deepStrictEqual([killed.exitCode, killed.oomKilled], [137, false])
        assert.isFalse(yield* signal(running, 9))
      })
    )
  )

  it.live("ends a container whose monitor was killed, and only such a one", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { started, exitOf, tools, folders } = yield* machine
        const { running, spec } = yield* started({ argv: ["sleep", "600"] })
        assert.isFalse(yield* endOrphan(tools, folders, running.id, spec.cgroupPath))
        assert.strictEqual(observe(folders, running.id, spec.cgroupPath)._tag, "Running")
        process.kill(running.monitorPid, "SIGKILL")
        const monitorIsDead = Effect.filterOrFail(
          endOrphan(tools, folders, running.id, spec.cgroupPath),
          (ended) => ended,
          () => "the monitor lives"
        )
        yield* Effect.retry(monitorIsDead, { schedule: Schedule.spaced("10 millis"), times: 1000 })
        assert.strictEqual((yield* exitOf(running.id)).exitCode, 137)
        assert.isFalse(yield* endOrphan(tools, folders, running.id, spec.cgroupPath))
        yield* remove(tools, folders, running.id, spec.cgroupPath)
        assert.deepStrictEqual(processesIn(tools.cgroups, spec.cgroupPath), [])
      })
    )
  )

  it.live("feeds stdin until the only writer leaves", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { started, exitOf, folders, logOf } = yield* machine
        const { running } = yield* started({ ...sh("cat; echo done"), stdin: "open" })
        writeFileSync(join(folders.bundles, running.id, "stdin"), "hello\n")
        yield* Effect.sleep("100 millis")
        assert.strictEqual(observe(folders, running.id, "/")._tag, "Running")
        assert.include(readFileSync(logOf(running.id), "utf8"), "hello")
        yield* signal(running, 9)
        yield* exitOf(running.id)
      })
    )
  )

  it.live("is seen, paused, measured and limited while it runs, and leaves nothing when removed", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { started, tools, folders, cgroupParent } = yield* machine
        const { running, spec } = yield* started({ ...sh("while true; do sleep 1; done") })
        const cgroup = spec.cgroupPath
        const now = observe(folders, running.id, cgroup)
        assert.deepStrictEqual(now, { _tag: "Running", running })
        yield* pause(tools, cgroup)
        assert.isTrue(isPaused(tools, cgroup))
        yield* resume(tools, cgroup)
        assert.isFalse(isPaused(tools, cgroup))
        const table = yield* top(tools, cgroup, "")
        assert.isTrue(table.processes.some((row) => row.join(" ").includes("while true")))
        const sample = stats(tools, cgroup, running.pid)
        assert.isAbove(sample.pids.current, 0)
        assert.isAbove(sample.memory.usageBytes, 0)
        yield* update(tools, folders, running, { memoryBytes: 64 * 1024 * 1024, memorySwapBytes: -1 })
        assert.strictEqual(stats(tools, cgroup, running.pid).memory.limitBytes, 64 * 1024 * 1024)
        assert.deepStrictEqual(yield* sweep(tools, folders, cgroupParent, new Set([running.id])), [])
        assert.deepStrictEqual(yield* sweep(tools, folders, cgroupParent, new Set()), [running.id])
        assert.deepStrictEqual(observe(folders, running.id, cgroup), { _tag: "Gone" })
        yield* remove(tools, folders, running.id, cgroup)
        assert.isTrue(Result.isFailure(yield* Effect.result(resize(folders, running.id, { rows: 1, columns: 1 }))))
      })
    )
  )
})
