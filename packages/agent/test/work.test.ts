import { type ChildProcess, spawnSync } from "node:child_process"
import { once } from "node:events"
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"
import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { assert, describe, it } from "@effect/vitest"
import type { Workload } from "@sockerless/agent-link"
import { Effect, Result } from "effect"
import { Stage, textOf, until } from "./stage.ts"

const LONG = 120_000

const withAgent = (
  name: string,
  argv: ReadonlyArray<string>,
  act: (stage: Stage, workload: Workload, agent: ChildProcess) => Promise<void>
) =>
  it(
    name,
    async () => {
      const stage = await Stage.open()
      try {
        const workload = await stage.daemon()
        const { child } = stage.agent(argv)
        await until("the agent is there", () => workload.session.connected)
        await act(stage, workload, child)
      } finally {
        await stage.close()
      }
    },
    LONG
  )

const refusal = async (
  effect: Effect.Effect<object | string | number | boolean | null | void, { readonly message: string }>
) => {
  const outcome = await Effect.runPromise(Effect.result(effect))
  return Result.isFailure(outcome) ? outcome.failure.message : "not refused"
}

const field = (value: unknown, ...keys: ReadonlyArray<string>): unknown =>
  keys.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null && key in at ? Reflect.get(at, key) : undefined),
    value
  )

describe("files", () => {
  withAgent("come and go as tars, whole over cuts of the link", ["sleep", "1000"], async (stage, workload) => {
    const from = join(stage.folder, "from")
    mkdirSync(join(from, "deep"), { recursive: true })
    const big = Buffer.alloc(3_000_000, 0).map((_, at) => (at * 7 + (at >> 9)) & 255)
    writeFileSync(join(from, "deep", "big"), big)
    chmodSync(join(from, "deep", "big"), 0o4751)
    symlinkSync("deep/big", join(from, "link"))
    let cuts = 0
    stage.proxy.onBytes = () => {
      if (stage.proxy.bytes < (cuts + 1) * 400_000 || cuts === 5) return
      cuts += 1
      stage.proxy.cut()
    }
    const { stat, tar } = await Effect.runPromise(workload.pull(from))
    assert.strictEqual(field(stat, "name"), "from")
    const bytes = await buffer(tar)
    assert.isAtLeast(cuts, 1)
    const to = join(stage.folder, "to")
    mkdirSync(to)
    await Effect.runPromise(workload.push(to, Readable.from([bytes]), { noOverwriteDirNonDir: false }))
    assert.isTrue(readFileSync(join(to, "from/deep/big")).equals(big))
    assert.strictEqual(statSync(join(to, "from/deep/big")).mode & 0o7777, 0o4751)
    assert.strictEqual(readlinkSync(join(to, "from/link")), "deep/big")
  })

  withAgent(
    "that are not there, or may not go there, are refused with the reason",
    ["sleep", "1000"],
    async (stage, workload) => {
      assert.include(await refusal(workload.pull("/no/such")), "ENOENT")
      const tar = () => Readable.from([Buffer.alloc(1024)])
      assert.include(await refusal(workload.push("/no/such", tar(), { noOverwriteDirNonDir: false })), "ENOENT")
      writeFileSync(join(stage.folder, "file"), "")
      assert.strictEqual(
        await refusal(workload.push(join(stage.folder, "file"), tar(), { noOverwriteDirNonDir: false })),
        "extraction point is not a directory"
      )
      const hostile = spawnSync("tar", ["-cP", "--transform", "s,^,../../,", "-C", stage.folder, "file"]).stdout
      assert.include(
        await refusal(workload.push(stage.folder, Readable.from([hostile]), { noOverwriteDirNonDir: false })),
        "invalid tar entry"
      )
    }
  )

  withAgent("nobody wants any more are no longer read", ["sleep", "1000"], async (stage, workload, agent) => {
    const sparse = join(stage.folder, "sparse")
    writeFileSync(sparse, "")
    truncateSync(sparse, 20 * 1024 ** 3)
    const { tar } = await Effect.runPromise(workload.pull(sparse))
    tar.resume()
    await once(tar, "data")
    tar.destroy()
    const opened = () =>
      readdirSync(`/proc/${agent.pid}/fd`).some((fd) => {
        try {
          return readlinkSync(`/proc/${agent.pid}/fd/${fd}`) === sparse
        } catch {
          // Closed between the listing and the reading.
          return false
        }
      })
    await until("the file is closed", () => !opened())
  })
})

describe("ports", () => {
  withAgent("carry both directions, each to its own end, over cuts", ["sleep", "1000"], async (stage, workload) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      void buffer(socket).then((all) => socket.end(Buffer.concat([Buffer.from(`${all.length}:`), all])))
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    try {
      const duplex = workload.port((server.address() as AddressInfo).port)
      const sent = Buffer.alloc(1_500_000, 0).map((_, at) => (at * 13) & 255)
      let cuts = 0
      stage.proxy.onBytes = () => {
        if (stage.proxy.bytes < (cuts + 1) * 300_000 || cuts === 3) return
        cuts += 1
        stage.proxy.cut()
      }
      duplex.end(sent)
      const back = await buffer(duplex)
      assert.isTrue(back.equals(Buffer.concat([Buffer.from("1500000:"), sent])))
      assert.isAtLeast(cuts, 1)
    } finally {
      server.close()
    }
  })

  withAgent("that nobody listens on say so", ["sleep", "1000"], async (_, workload) => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    await new Promise<void>((resolve) => server.close(() => resolve()))
    const duplex = workload.port(port)
    duplex.resume()
    const [error] = await once(duplex, "error")
    assert.include(String(error), "ECONNREFUSED")
  })
})

describe("questions", () => {
  withAgent("top and stats tell of the user's processes", ["sh", "-c", "sleep 1000; true"], async (stage, workload) => {
    await until("it runs", () => stage.pid > 0)
    const commands = async () => {
      const rows = field(await Effect.runPromise(workload.call("top", { psArgs: "-ef" })), "processes")
      return Array.isArray(rows) ? rows.map((row: unknown) => (Array.isArray(row) ? String(row[7]) : "")) : []
    }
    await until("its child runs", async () => (await commands()).includes("sleep 1000"))
    assert.deepStrictEqual(await commands(), ["sh -c sleep 1000; true", "sleep 1000"])
    assert.include(await refusal(workload.call("top", { psArgs: "aux" })), 'ps arguments "aux" are not supported')
    const stats = await Effect.runPromise(workload.call("stats", null))
    assert.strictEqual(field(stats, "pids", "current"), 2)
    assert.isAbove(Number(field(stats, "memory", "usageBytes")), 0)
    assert.isAbove(Number(field(stats, "cpu", "systemNanos")), 0)
    assert.include(await refusal(workload.call("nosuch", null)), "this agent knows no nosuch")
  })

  withAgent(
    "pause stops all of it and resume lets it go on",
    ["sh", "-c", "while :; do echo tick; sleep 0.02; done"],
    async (stage, workload) => {
      const ticks = () => textOf(stage.records, 1).length
      await until("it ticks", () => ticks() > 0)
      await Effect.runPromise(workload.call("pause", null))
      const state = () => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${stage.pid}/status`, "utf8"))?.[1]
      await until("it is stopped", () => state() === "T")
      const stopped = ticks()
      await Effect.runPromise(workload.call("resume", null))
      await until("it ticks again", () => ticks() > stopped + 200)
    }
  )

  withAgent("are given up when the agent stays away", ["sleep", "1000"], async (stage, workload) => {
    stage.proxy.target = 1
    stage.proxy.cut()
    await until("it is away", () => !workload.session.connected)
    assert.include(await refusal(workload.call("top", null, 200)), "has not been connected for 0 s")
  })
})
