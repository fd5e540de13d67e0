import { target, until } from "@sockerless/e2e-kit"
import { createSocket } from "node:dgram"
import { connect, createServer } from "node:net"
import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()

/** What a TCP service at this port answers to these bytes; undefined when it does not. */
const tcp = (port: number, sent: string, host = "127.0.0.1"): Promise<string | undefined> =>
  new Promise((resolve) => {
    const chunks: Array<Buffer> = []
    const socket = connect(port, host)
    socket.setTimeout(5000, () => socket.destroy())
    socket.once("connect", () => socket.write(sent))
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk)
      if (Buffer.concat(chunks).length >= Buffer.byteLength(sent)) socket.destroy()
    })
    socket.once("error", () => resolve(undefined))
    socket.once("close", () => resolve(chunks.length === 0 ? undefined : Buffer.concat(chunks).toString()))
  })

/** What a UDP service at this port answers to this datagram; undefined when it does not within a second. */
const udp = (port: number, sent: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = createSocket("udp4")
    const end = (answer: string | undefined) => {
      clearTimeout(timer)
      socket.close()
      resolve(answer)
    }
    const timer = setTimeout(() => end(undefined), 1000)
    socket.once("message", (message) => end(message.toString()))
    socket.once("error", () => end(undefined))
    socket.send(sent, port, "127.0.0.1")
  })

const answers = (port: number, text: string, host?: string): Promise<true> =>
  until(`port ${port} answers`, async () => ((await tcp(port, text, host)) === text ? true : undefined), 40_000)

const portOf = async (container: string, port: string): Promise<number> =>
  Number((await on.docker.ok("port", container, port)).split("\n")[0]?.split(":").at(-1))

const echo = ["busybox", "nc", "-ll", "-p", "7000", "-e", "cat"]

const datagramComesBack = (port: number): Promise<true> =>
  until(
    `UDP port ${port} answers`,
    async () => ((await udp(port, "hello over udp")) === "hello over udp" ? true : undefined),
    40_000
  )

const echoDatagrams =
  'require("dgram").createSocket("udp4").on("message",function(m,r){this.send(m,r.port,r.address)}).bind(7000)'

/** A UDP service: busybox has none, so this machine's own Node serves it from inside. */
const datagramEcho = ["-v", "/:/host:ro", "busybox", "chroot", "/host", process.execPath, "-e", echoDatagrams]

// The oracle's ports are in a network namespace of its own.
describe.skipIf(target === "dockerd")("docker run -p", () => {
  it("carries TCP there and back", async () => {
    await on.docker.ok("run", "-d", "--name", "tcp", "-p", "127.0.0.1::7000", ...echo)
    const port = await portOf("tcp", "7000/tcp")
    await answers(port, "hello over tcp\n")
    const long = "x".repeat(300_000)
    assert.strictEqual(await tcp(port, long), long)
  })

  it("carries UDP there and back", async () => {
    await on.docker.ok("run", "-d", "--name", "udp", "-p", "7000/udp", ...datagramEcho)
    await datagramComesBack(await portOf("udp", "7000/udp"))
  })

  it("carries both on one number", async () => {
    const ports = ["-p", "7000", "-p", "7000/udp"]
    await on.docker.ok("run", "-d", "--name", "both", ...ports, ...datagramEcho)
    await on.docker.ok("exec", "-d", "both", "nc", "-ll", "-p", "7000", "-e", "cat")
    await answers(await portOf("both", "7000/tcp"), "tcp\n")
    await datagramComesBack(await portOf("both", "7000/udp"))
  })

  it("is shown alike by port, ps and inspect", async () => {
    await on.docker.ok(
      "run",
      "-d",
      "--name",
      "shown",
      "-p",
      "127.0.0.1:0:7000",
      "--expose",
      "7001",
      "-p",
      "7002/udp",
      ...echo
    )
    const [tcpPort, udpPort] = [await portOf("shown", "7000"), await portOf("shown", "7002/udp")]
    assert.include(await on.docker.ok("port", "shown"), `7000/tcp -> 127.0.0.1:${tcpPort}`)
    assert.include(await on.docker.ok("port", "shown"), `7002/udp -> 0.0.0.0:${udpPort}`)
    const shown = await on.docker.ok("ps", "--filter", "name=shown", "--format", "{{.Ports}}")
    assert.include(shown, `127.0.0.1:${tcpPort}->7000/tcp`)
    assert.include(shown, `0.0.0.0:${udpPort}->7002/udp`)
    assert.include(shown, "7001/tcp")
    const bound = await on.docker.ok("inspect", "-f", '{{json (index .NetworkSettings.Ports "7000/tcp")}}', "shown")
    assert.strictEqual(bound, `[{"HostIp":"127.0.0.1","HostPort":"${tcpPort}"}]`)
    assert.strictEqual(
      await on.docker.ok("inspect", "-f", '{{json (index .NetworkSettings.Ports "7001/tcp")}}', "shown"),
      "null"
    )
  })

  it("publishes all that is exposed with -P", async () => {
    await on.docker.ok("run", "-d", "--name", "all", "-P", "--expose", "7000", ...echo)
    await answers(await portOf("all", "7000/tcp"), "all\n")
  })

  it("takes a range of ports of the container", async () => {
    const name = "range"
    await on.docker.ok("run", "-d", "--name", name, "-p", "127.0.0.1::7000", "-p", "127.0.0.1::7005", ...echo)
    const lines = (await on.docker.ok("port", name)).split("\n")
    assert.lengthOf(lines, 2)
  })

  it("reaches the service by the address of the container too", async () => {
    await on.docker.ok("run", "-d", "--name", "direct", ...echo)
    const address = await on.docker.ok("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "direct")
    await answers(7000, "direct\n", address)
  })

  it("is refused while another container has the port, and taken when that one has gone", async () => {
    await on.docker.ok("run", "-d", "--name", "holder", "-p", "127.0.0.1:0:7000", ...echo)
    const port = await portOf("holder", "7000/tcp")
    const taken = ["-p", `127.0.0.1:${port}:7000`, ...echo]
    const { code, stderr } = await on.docker.run(["run", "-d", "--name", "heir", ...taken])
    assert.match(stderr, new RegExp(`Bind for 127\\.0\\.0\\.1:${port} failed: port is already allocated`))
    assert.strictEqual(code, 125)
    assert.strictEqual(await on.docker.ok("inspect", "-f", "{{.State.Status}}", "heir"), "created")
    await on.docker.ok("rm", "-f", "holder")
    await on.docker.ok("start", "heir")
    await answers(port, "heir\n")
  })

  it("is refused while a process of this machine has the port", async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resolve(typeof address === "object" && address !== null ? address.port : 0)
      })
    })
    const { code, stderr } = await on.docker.run(["run", "--rm", "-p", `127.0.0.1:${port}:7000`, ...echo])
    server.close()
    assert.include(stderr, "address already in use")
    assert.strictEqual(code, 125)
  })

  it("stays the same over stop and start when it was given, and works after restart", async () => {
    await on.docker.ok("run", "-d", "--name", "again", "-p", "127.0.0.1::7000", ...echo)
    await answers(await portOf("again", "7000/tcp"), "before\n")
    await on.docker.ok("restart", "-t", "0", "again")
    await answers(await portOf("again", "7000/tcp"), "after\n")
    await on.docker.ok("stop", "-t", "0", "again")
    assert.strictEqual(await on.docker.ok("port", "again"), "")
  })
})

describe("docker port", () => {
  it("says so when the port is not published", async () => {
    await on.docker.ok("run", "-d", "--name", "unpublished", ...echo)
    const { code, stderr } = await on.docker.run(["port", "unpublished", "7000"])
    assert.include(stderr.toLowerCase(), "no public port '7000")
    assert.strictEqual(code, 1)
  })
})
