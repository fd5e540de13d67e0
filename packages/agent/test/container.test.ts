import { spawnSync } from "node:child_process"
import { createHash, randomUUID } from "node:crypto"
import { copyFileSync, chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Writable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import type { OutputRecord } from "@sockerless/agent-link/protocol"
import type { Workload } from "@sockerless/agent-link"
import { Effect } from "effect"
import { build } from "tsup"
import { agentCommand, layerFiles, writeLayer } from "../src/layer/index.ts"
import options from "../tsup.config.ts"
import { Stage, textOf, until } from "./stage.ts"

const INIT = "/usr/bin/tini-static"
const BUSYBOX = "/bin/busybox"
const missing = [INIT, BUSYBOX, "/usr/bin/crun"].filter((file) => !existsSync(file))
if (process.getuid?.() !== 0) missing.push("root")
if (missing.length > 0) console.log(`the agent in a container is not tested: ${missing.join(", ")} absent`)

const capabilities = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID"]

/** crun refuses hybrid control groups; it is shown none of their newer half. */
const crunCommand = [
  "-m",
  "sh",
  "-c",
  'if [ -d /sys/fs/cgroup/unified ]; then mount -t tmpfs none /sys/fs/cgroup/unified; fi; exec crun "$@"',
  "crun"
]

/** A bundle whose root holds busybox, the layer, and nothing else: no libc, no shell but that, no passwd. */
const bundleIn = async (stage: Stage, env: NodeJS.ProcessEnv): Promise<string> => {
  const root = join(stage.folder, "bundle/rootfs")
  const entry = { agent: join(import.meta.dirname, "../src/main.ts") }
  await build({ ...options, entry, config: false, outDir: join(stage.folder, "dist"), silent: true })
  for (const file of layerFiles(join(stage.folder, "dist/agent.js"), INIT)) {
    const target = join(root, file.path)
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(file.source, target)
    chmodSync(target, file.mode)
  }
  for (const folder of ["bin", "proc", "dev", "tmp"]) mkdirSync(join(root, folder), { recursive: true })
  chmodSync(join(root, "tmp"), 0o1777)
  copyFileSync(BUSYBOX, join(root, "bin/busybox"))
  chmodSync(join(root, "bin/busybox"), 0o755)
  for (const applet of ["sh", "id", "sleep", "tty", "stty", "grep", "true"]) {
    symlinkSync("busybox", join(root, "bin", applet))
  }
  const config = {
    ociVersion: "1.0.0",
    process: {
      user: { uid: 0, gid: 0 },
      args: agentCommand,
      env: Object.entries(env).map(([name, value]) => `${name}=${value ?? ""}`),
      cwd: "/",
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities }
    },
    root: { path: "rootfs" },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"] },
      { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"] }
    ],
    linux: { namespaces: [{ type: "pid" }, { type: "ipc" }, { type: "uts" }, { type: "mount" }] }
  }
  writeFileSync(join(stage.folder, "bundle/config.json"), JSON.stringify(config))
  return join(stage.folder, "bundle")
}

const inContainer = async (
  argv: ReadonlyArray<string>,
  act: (at: {
    readonly stage: Stage
    readonly workload: Workload
    readonly crun: (...args: ReadonlyArray<string>) => void
    readonly exit: Promise<number | string>
  }) => Promise<void>
) => {
  const stage = await Stage.open()
  const id = `agent-${randomUUID()}`
  const base = ["--cgroup-manager=disabled", `--root=${join(stage.folder, "crun")}`]
  const crun = (...args: ReadonlyArray<string>) => void spawnSync("unshare", [...crunCommand, ...base, ...args])
  try {
    const workload = await stage.daemon()
    const env = { ...stage.environment(argv, { workingDir: "/", user: "1234:55" }), SKLS_SPOOL_FOLDER: "/tmp/.sl" }
    const bundle = await bundleIn(stage, env)
    const { exit } = stage.launch("unshare", [...crunCommand, ...base, "run", "--bundle", bundle, id], {
      PATH: process.env["PATH"]
    })
    await act({ stage, workload, crun: (verb, ...rest) => crun(verb ?? "", id, ...rest), exit })
  } finally {
    crun("delete", "--force", id)
    await stage.close()
  }
}

const request = { env: [], workingDir: "/", user: "", tty: false, stdin: false }

describe.skipIf(missing.length > 0)("in a container of nothing but busybox and the layer, the agent", () => {
  it(
    "runs the process as its user, execs with a terminal, reaps, and shows nothing of itself",
    () =>
      inContainer(["sh", "-c", "id; until [ -e /tmp/go ]; do sleep 0.1; done; exit 6"], async (at) => {
        const { stage, workload, exit } = at
        await until("it has spoken", () => textOf(stage.records, 1).includes("\n"))
        assert.strictEqual(textOf(stage.records, 1), "uid=1234 gid=55\n")
        const run = async (id: string, script: string, tty = false) => {
          const records: Array<OutputRecord> = []
          const { exitCode } = await workload.exec(
            id,
            { ...request, argv: ["sh", "-c", script], tty },
            async (record) => {
              records.push(record)
            }
          ).exit
          return [exitCode, textOf(records, 1)] as const
        }
        assert.deepStrictEqual(await run("tty", "tty; stty size", true), [0, "/dev/pts/0\r\n24 80\r\n"])
        assert.deepStrictEqual(await run("orphan", "(sleep 0.2; true) & exit 3"), [3, ""])
        let round = 0
        await until("the orphan is reaped", async () => {
          const [, text] = await run(`ps${round++}`, "grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null; true")
          return text === ""
        })
        const top = await Effect.runPromise(workload.call("top", { psArgs: "" }))
        assert.notInclude(JSON.stringify(top), ".sl")
        assert.include(JSON.stringify(top), "until [ -e /tmp/go ]")
        assert.strictEqual((await run("go", "echo > /tmp/go"))[0], 0)
        assert.strictEqual((await workload.main.exit).exitCode, 6)
        workload.main.done()
        assert.strictEqual(await exit, 6)
      }),
    120_000
  )

  it(
    "passes the platform's signal on, and is gone with the container when that is killed",
    () =>
      inContainer(["sh", "-c", "trap 'echo term' TERM; echo ready; while :; do sleep 0.1; done"], async (at) => {
        const { stage, workload, crun, exit } = at
        await until("it is ready", () => textOf(stage.records, 1) === "ready\n")
        crun("kill", "TERM")
        await until("it has heard", () => textOf(stage.records, 1) === "ready\nterm\n")
        crun("kill", "KILL")
        assert.strictEqual(await exit, 137)
        await until("the daemon sees it", () => !workload.session.connected)
      }),
    120_000
  )
})

describe("the layer", () => {
  it("has the same bytes whenever it is written", async () => {
    const files = layerFiles(import.meta.filename, import.meta.filename).filter(({ path }) => path !== ".sl/node")
    const digest = async () => {
      const hash = createHash("sha256")
      await writeLayer(
        files,
        new Writable({
          write: (bytes: Buffer, _, done) => {
            hash.update(bytes)
            done()
          }
        })
      )
      return hash.digest("hex")
    }
    assert.strictEqual(await digest(), await digest())
    assert.includeMembers(
      files.map(({ path }) => path),
      [".sl/agent.js", ".sl/init", ".sl/lib/ld.so", ".sl/lib/libc.so.6"]
    )
  })
})
