import { type Terminal, until } from "@sockerless/e2e-kit"
import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()

const CTRL_C = "\u0003"
const CTRL_D = "\u0004"
const CTRL_P_CTRL_Q = "\u0010\u0011"

const shows = (terminal: Terminal, text: string): Promise<true> =>
  until(
    `the terminal shows ${JSON.stringify(text)}, it shows ${JSON.stringify(terminal.screen())}`,
    () => (terminal.screen().includes(text) ? true : undefined),
    40_000
  )

const running = (name: string): Promise<string> => on.docker.ok("inspect", "-f", "{{.State.Running}}", name)

describe("docker run -it", () => {
  it("shows the prompt, echoes what is typed, and ends with the shell's code", async () => {
    const terminal = on.docker.terminal(["run", "--rm", "-it", "busybox"])
    await shows(terminal, "/ # ")
    terminal.type("echo $((6*7))\r")
    await shows(terminal, "42\r\n")
    terminal.type("exit 5\r")
    assert.strictEqual(await terminal.ended, 5)
  })

  it("gives the process a terminal on all three streams, and TERM", async () => {
    const terminal = on.docker.terminal([
      "run",
      "--rm",
      "-it",
      "busybox",
      "sh",
      "-c",
      "tty; test -t 1 && test -t 2 && echo both; echo $TERM; sleep 1"
    ])
    assert.strictEqual(await terminal.ended, 0)
    assert.strictEqual(terminal.screen(), "/dev/pts/0\r\nboth\r\nxterm\r\n")
  })

  it("starts with the size of the client's terminal and follows it", async () => {
    const terminal = on.docker.terminal(["run", "--rm", "-it", "busybox"], { columns: 91, rows: 27 })
    await shows(terminal, "/ # ")
    terminal.type("stty size\r")
    await shows(terminal, "27 91\r\n")
    terminal.resize(120, 41)
    await until("the size has arrived", async () => {
      terminal.type("stty size\r")
      await new Promise((resolve) => setTimeout(resolve, 100))
      return terminal.screen().includes("41 120\r\n") ? true : undefined
    })
    terminal.type("exit\r")
    assert.strictEqual(await terminal.ended, 0)
  })

  it("interrupts the process in the container with ctrl-c, not the client", async () => {
    const terminal = on.docker.terminal(["run", "--rm", "-it", "busybox"])
    await shows(terminal, "/ # ")
    terminal.type("sleep 50; echo after $?\r")
    await shows(terminal, "sleep 50")
    await new Promise((resolve) => setTimeout(resolve, 300))
    terminal.type(CTRL_C)
    await shows(terminal, "^C")
    terminal.type("echo alive\r")
    await shows(terminal, "alive\r\n")
    terminal.type(CTRL_D)
    assert.strictEqual(await terminal.ended, 0)
  })

  it("is left with ctrl-p ctrl-q and taken up again with docker attach", async () => {
    const first = on.docker.terminal(["run", "-it", "--name", "left", "busybox"])
    await shows(first, "/ # ")
    first.type("x=kept\r")
    await shows(first, "x=kept")
    first.type(CTRL_P_CTRL_Q)
    await first.ended
    assert.strictEqual(await running("left"), "true")
    const second = on.docker.terminal(["attach", "left"])
    second.type("echo still $x\r")
    await shows(second, "still kept\r\n")
    second.type("exit 6\r")
    assert.strictEqual(await second.ended, 6)
  })

  it("is left with the keys of --detach-keys", async () => {
    const terminal = on.docker.terminal(["run", "-it", "--detach-keys", "ctrl-x,d", "--name", "own-keys", "busybox"])
    await shows(terminal, "/ # ")
    terminal.type("\u0018d")
    await terminal.ended
    assert.strictEqual(await running("own-keys"), "true")
  })

  it("needs a terminal on the client's side", async () => {
    const { code, stderr } = await on.docker.run(["run", "--rm", "-it", "busybox"])
    assert.include(stderr, "the input device is not a TTY")
    assert.strictEqual(code, 1)
  })

  it("ends when the container is stopped by somebody else", async () => {
    const terminal = on.docker.terminal(["run", "--rm", "-it", "--name", "ended", "busybox", "sleep", "60"])
    await until("it runs", async () =>
      (await on.docker.ok("ps", "-q", "--filter", "name=ended")) === "" ? undefined : true
    )
    await on.docker.ok("kill", "ended")
    assert.strictEqual(await terminal.ended, 137)
  })
})

describe("docker run -t without -i", () => {
  it("joins stderr with stdout, and lines end as a terminal's", async () => {
    const { code, stdout, stderr } = await on.docker.run([
      "run",
      "--rm",
      "-t",
      "busybox",
      "sh",
      "-c",
      "echo out; echo err >&2"
    ])
    assert.deepEqual([code, stdout, stderr], [0, "out\r\nerr\r\n", ""])
  })

  it("keeps the terminal's bytes in the log", async () => {
    const id = await on.docker.ok("run", "-dt", "busybox", "sh", "-c", "echo out; echo err >&2")
    await on.docker.ok("wait", id)
    assert.strictEqual((await on.docker.run(["logs", id])).stdout, "out\r\nerr\r\n")
  })
})

describe("docker exec -it", () => {
  it("is a shell in a terminal beside the main process", async () => {
    await on.docker.ok("run", "-d", "--name", "host", "busybox", "sleep", "600")
    const terminal = on.docker.terminal(["exec", "-it", "host", "sh"], { columns: 77, rows: 33 })
    await shows(terminal, "/ # ")
    await until("the size has arrived", async () => {
      terminal.type("stty size; tty\r")
      await new Promise((resolve) => setTimeout(resolve, 100))
      return terminal.screen().includes("33 77\r\n") ? true : undefined
    })
    terminal.type("exit 9\r")
    assert.strictEqual(await terminal.ended, 9)
    assert.strictEqual(await running("host"), "true")
  })

  it("can be left with the detach keys, and the process goes on", async () => {
    await on.docker.ok("run", "-d", "--name", "host2", "busybox", "sleep", "600")
    const terminal = on.docker.terminal(["exec", "-it", "host2", "sh", "-c", "touch /begun; sleep 400"])
    await until("it has begun", async () =>
      (await on.docker.run(["exec", "host2", "ls", "/begun"])).code === 0 ? true : undefined
    )
    terminal.type(CTRL_P_CTRL_Q)
    await terminal.ended
    assert.include(await on.docker.ok("top", "host2"), "sleep 400")
  })
})
