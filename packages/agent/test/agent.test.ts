import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { linkKillpointNames } from "@sockerless/killpoints"
import type { OutputRecord } from "@sockerless/agent-link/protocol"
import { Stage, textOf, until } from "./stage.ts"

const LONG = 120_000

const staged = (name: string, act: (stage: Stage) => Promise<void>) =>
  it(
    name,
    async () => {
      const stage = await Stage.open()
      try {
        await act(stage)
      } finally {
        await stage.close()
      }
    },
    LONG
  )

describe("an agent", () => {
  staged("runs the process, delivers what it says and how it ended, and ends with its code", async (stage) => {
    const workload = await stage.daemon()
    const { exit } = stage.agent(["sh", "-c", "echo out; echo err >&2; exit 3"])
    const facts = await workload.main.exit
    assert.strictEqual(facts.exitCode, 3)
    assert.isAbove(Number(facts.finishedAtNanos), 0)
    assert.strictEqual(textOf(stage.records, 1), "out\n")
    assert.strictEqual(textOf(stage.records, 2), "err\n")
    workload.main.done()
    assert.strictEqual(await exit, 3)
  })

  staged("tells a process that cannot be started from one that failed", async (stage) => {
    const workload = await stage.daemon()
    stage.agent(["/no/such/program"])
    const facts = await workload.main.exit
    assert.strictEqual(facts.exitCode, 127)
    assert.strictEqual(facts.error, 'exec: "/no/such/program": no such file or directory')
    const { exitCode, error } = await workload.exec(
      "e",
      { argv: ["nosuch"], env: [], workingDir: "/", user: "", tty: false, stdin: false },
      async () => {}
    ).exit
    assert.deepStrictEqual([exitCode, error], [127, 'exec: "nosuch": executable file not found in $PATH'])
  })

  staged("passes input and signals on once and in order, however often the link is cut", async (stage) => {
    const workload = await stage.daemon()
    stage.agent(["sh", "-c", "cat; trap 'echo got usr1' USR1; echo ready; while :; do sleep 0.1; done"], {
      stdin: true
    })
    const lines = Array.from({ length: 2000 }, (_, n) => `line ${n}\n`)
    for (const [n, line] of lines.entries()) {
      await workload.main.send({ kind: "bytes", bytes: Buffer.from(line) })
      if (n % 200 === 100) stage.proxy.cut()
    }
    await workload.main.send({ kind: "end" })
    await until("the input is back", () => textOf(stage.records, 1).endsWith("ready\n"))
    assert.strictEqual(textOf(stage.records, 1), `${lines.join("")}ready\n`)
    stage.proxy.cut()
    await workload.main.send({ kind: "signal", signal: 10 })
    await until("the signal is heard", () => textOf(stage.records, 1).includes("got usr1"))
    await workload.main.send({ kind: "signal", signal: 9 })
    assert.strictEqual((await workload.main.exit).exitCode, 137)
    assert.strictEqual(textOf(stage.records, 1), `${lines.join("")}ready\ngot usr1\n`)
  })

  staged("loses and repeats no byte over many cuts of the link", async (stage) => {
    const workload = await stage.daemon()
    let next = 60_000
    let cuts = 0
    stage.proxy.onBytes = () => {
      if (stage.proxy.bytes < next || cuts === 40) return
      cuts += 1
      next += 90_000
      stage.proxy.cut()
    }
    stage.agent(["seq", "1", "300000"])
    assert.strictEqual((await workload.main.exit).exitCode, 0)
    const expected = Array.from({ length: 300_000 }, (_, n) => `${n + 1}\n`).join("")
    assert.isTrue(textOf(stage.records, 1) === expected)
    assert.isAtLeast(cuts, 5)
  })

  staged("goes on while daemons end and come back, from what they had kept", async (stage) => {
    let workload = await stage.daemon(1)
    const { exit } = stage.agent(["sh", "-c", "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; done; exit 7"])
    for (let epoch = 2; epoch < 8; epoch++) {
      await until("an agent is there", () => workload.session.connected)
      workload = await stage.daemon(epoch)
    }
    assert.strictEqual((await workload.main.exit).exitCode, 7)
    assert.strictEqual(textOf(stage.records, 1), Array.from({ length: 3000 }, (_, n) => `${n + 1}\n`).join(""))
    // A daemon that dies before it has recorded the end hears of it again.
    workload = await stage.daemon(8)
    assert.strictEqual((await workload.main.exit).exitCode, 7)
    workload.main.done()
    assert.strictEqual(await exit, 7)
  })

  staged("hands over each byte once to daemons that are killed at each of their kill points", async (stage) => {
    const first = await stage.daemonProcess(1, "link.log.before-sync:2")
    const script = "n=0; until [ -e stop ]; do n=$((n+1)); echo $n; sleep 0.005; done; exit 5"
    const { exit } = stage.agent(["sh", "-c", script])
    assert.strictEqual(await first.exit, "SIGKILL")
    let epoch = 2
    for (const point of linkKillpointNames) {
      for (const pass of [1, 2]) {
        const killed = await stage.daemonProcess(epoch++, `${point}:${pass}`)
        assert.strictEqual(await killed.exit, "SIGKILL", `${point}:${pass}`)
      }
    }
    await stage.daemonProcess(epoch, "")
    writeFileSync(join(stage.folder, "stop"), "")
    assert.strictEqual(await exit, 5)
    const lines = textOf(stage.records, 1).trimEnd().split("\n")
    assert.isAtLeast(lines.length, 10)
    assert.deepStrictEqual(
      lines,
      lines.map((_, n) => String(n + 1))
    )
    assert.strictEqual(readFileSync(join(stage.folder, "exit"), "utf8"), "5")
  })

  staged("that is killed leaves the daemon with all that was said", async (stage) => {
    const workload = await stage.daemon()
    const { child, exit } = stage.agent(["sh", "-c", "echo before; exec sleep 1000"])
    await until("it has spoken", () => textOf(stage.records, 1) === "before\n")
    child.kill("SIGKILL")
    assert.strictEqual(await exit, "SIGKILL")
    await until("the daemon sees it", () => !workload.session.connected)
    assert.strictEqual(textOf(stage.records, 1), "before\n")
  })

  staged("of two copies of a run only the first runs the process", async (stage) => {
    const workload = await stage.daemon()
    const argv = ["sh", "-c", "echo ran >> ran; cat"]
    const first = stage.agent(argv, { stdin: true })
    await until("the first runs", () => stage.pid > 0)
    const second = stage.agent(argv, { stdin: true })
    assert.strictEqual(await second.exit, 0)
    await workload.main.send({ kind: "end" })
    assert.strictEqual((await workload.main.exit).exitCode, 0)
    workload.main.done()
    assert.strictEqual(await first.exit, 0)
    assert.strictEqual(stage.claims.length, 1)
  })

  staged("is not let in without the token of its run, and runs nothing then", async (stage) => {
    const workload = await stage.daemon()
    const { child } = stage.agent(["touch", "ran"], { token: "another" })
    await until("it has dialled", () => stage.proxy.bytes > 0)
    assert.isFalse(await workload.connected(500))
    child.kill("SIGTERM")
    assert.strictEqual(stage.records.length, 0)
  })

  staged("obeys no daemon of an older epoch", async (stage) => {
    let workload = await stage.daemon(5)
    stage.agent(["cat"], { stdin: true })
    await until("it is there", () => workload.session.connected)
    workload = await stage.daemon(4)
    const seen = stage.proxy.bytes
    await until("it has tried", () => stage.proxy.bytes > seen + 500)
    assert.isFalse(workload.session.connected)
    workload = await stage.daemon(6)
    await until("it is back", () => workload.session.connected)
  })

  staged("ends the process when no daemon has come for the orphan time", async (stage) => {
    const workload = await stage.daemon()
    const { exit } = stage.agent(["sleep", "1000"], {
      env: { SKLS_ORPHAN_SECONDS: "8", SKLS_LINGER_SECONDS: "0" }
    })
    await until("it runs", () => stage.pid > 0)
    assert.isTrue(workload.session.connected)
    await stage.endDaemon()
    assert.strictEqual(await exit, 143)
  })

  staged("does not let the process wait for an absent daemon, and says which bytes are gone", async (stage) => {
    await stage.daemon(1)
    stage.agent(["sh", "-c", "echo first; until [ -e go ]; do sleep 0.05; done; seq 1 200000; echo last"], {
      env: { SKLS_SPOOL_BYTES: "400000" }
    })
    await until("it runs", () => textOf(stage.records, 1) === "first\n")
    await stage.endDaemon()
    writeFileSync(join(stage.folder, "go"), "")
    const { pid } = stage
    await until("the process has ended without us", () => {
      try {
        process.kill(pid, 0)
        return false
      } catch {
        return true
      }
    })
    const workload = await stage.daemon(2)
    assert.strictEqual((await workload.main.exit).exitCode, 0)
    const text = textOf(stage.records, 1)
    assert.isTrue(text.endsWith("200000\nlast\n"))
    const gap = stage.records.findIndex(({ source }) => source === 4)
    assert.isAtLeast(gap, 1)
    const before = textOf(stage.records.slice(0, gap), 1)
    assert.isTrue(`first\n${Array.from({ length: 200_000 }, (_, n) => `${n + 1}\n`).join("")}`.startsWith(before))
  })
})

describe("output", () => {
  staged("is read by many at their own speed, from the start or from now, to its end", async (stage) => {
    const workload = await stage.daemon()
    stage.agent(["sh", "-c", "seq 1 20000; cat; echo last"], { stdin: true })
    const readAll = async (onlyNew: boolean, pause: number) => {
      const records: Array<OutputRecord> = []
      for await (const record of workload.output({ follow: true, onlyNew })) {
        records.push(record)
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
      }
      return textOf(records, 1)
    }
    const early = readAll(false, 0)
    const slow = readAll(false, 5)
    await until("it has counted", () => textOf(stage.records, 1).endsWith("20000\n"))
    const late = readAll(true, 0)
    const leaving = new AbortController()
    const left = workload.output({ follow: true, onlyNew: true, signal: leaving.signal }).next()
    await new Promise((resolve) => setImmediate(resolve))
    leaving.abort()
    assert.isTrue((await left).done)
    await workload.main.send({ kind: "bytes", bytes: Buffer.from("more\n") })
    await workload.main.send({ kind: "end" })
    const numbers = Array.from({ length: 20_000 }, (_, n) => `${n + 1}\n`).join("")
    assert.isTrue((await early) === `${numbers}more\nlast\n`)
    assert.isTrue((await slow) === `${numbers}more\nlast\n`)
    assert.isTrue(["more\nlast\n", "last\n"].includes(await late))
    const now: Array<string> = []
    for await (const { bytes } of workload.output({ follow: false, onlyNew: false })) now.push(bytes.toString())
    assert.isTrue(now.join("").endsWith(`${numbers}more\nlast\n`))
  })
})

describe("exec", () => {
  const request = { env: [], workingDir: "/", user: "", tty: false, stdin: false }
  const collect = () => {
    const records: Array<OutputRecord> = []
    return {
      records,
      output: async (record: OutputRecord) => {
        records.push(record)
      }
    }
  }

  staged("runs beside the main process, once for its id, over cuts and a new daemon", async (stage) => {
    let workload = await stage.daemon(1)
    stage.agent(["sleep", "1000"])
    const first = collect()
    const argv = ["sh", "-c", "echo once >> execs; cat; echo end >&2; exit 9"]
    const exec = workload.exec("one", { ...request, workingDir: stage.folder, argv, stdin: true }, first.output)
    await exec.send({ kind: "bytes", bytes: Buffer.from("hello ") })
    await until("it answers", () => textOf(first.records, 1) === "hello ")
    stage.proxy.cut()
    await exec.send({ kind: "bytes", bytes: Buffer.from("again") })
    await until("it answers again", () => textOf(first.records, 1) === "hello again")
    workload = await stage.daemon(2)
    const second = collect()
    const same = workload.exec("one", { ...request, workingDir: stage.folder, argv, stdin: true }, second.output)
    await same.send({ kind: "bytes", bytes: Buffer.from("!") })
    await same.send({ kind: "end" })
    assert.strictEqual((await same.exit).exitCode, 9)
    assert.isTrue("hello again!".endsWith(textOf(second.records, 1)))
    assert.isTrue(textOf(second.records, 1).endsWith("!"))
    assert.strictEqual(textOf(second.records, 2), "end\n")
    const count = collect()
    await workload.exec("two", { ...request, workingDir: stage.folder, argv: ["cat", "execs"] }, count.output).exit
    assert.strictEqual(textOf(count.records, 1), "once\n")
  })

  staged("gives a terminal of the size asked for, and resizes it", async (stage) => {
    const workload = await stage.daemon()
    stage.agent(["sleep", "1000"])
    const { records, output } = collect()
    const exec = workload.exec(
      "tty",
      {
        ...request,
        argv: ["sh", "-c", "stty size; read x; stty size; tty"],
        tty: true,
        stdin: true,
        rows: 33,
        columns: 111
      },
      output
    )
    await until("the size is told", () => textOf(records, 1).includes("33 111"))
    await exec.send({ kind: "resize", rows: 44, columns: 99 })
    await exec.send({ kind: "bytes", bytes: Buffer.from("\r") })
    assert.strictEqual((await exec.exit).exitCode, 0)
    assert.match(textOf(records, 1), /44 99\r\n\/dev\/pts\/\d+\r\n$/)
  })
})
