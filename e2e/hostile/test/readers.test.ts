import { connect, type Socket } from "node:net"
import { afterEach, expect, test } from "vitest"
import { underSiege, until } from "@sockerless/e2e-hostile"

const siege = underSiege()
const sleepers: Array<Socket> = []

afterEach(() => {
  for (const socket of sleepers.splice(0)) socket.destroy()
})

/** Sends a request and never reads more than the first bytes of the answer. */
const sleeper = (request: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(siege.daemon.socket)
    sleepers.push(socket)
    socket.once("error", reject)
    socket.once("data", () => {
      socket.pause()
      socket.on("error", () => undefined)
      resolve(socket)
    })
    socket.write(request)
  })

const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"
const MEGABYTES = 64
const output = `head -c ${MEGABYTES}000000 /dev/zero`

/** Runs `write` until it has ended; the container must not wait for anybody. */
const ends = async (name: string) => {
  await until(
    "the container has ended",
    async () => ((await siege.docker.ok("inspect", "-f", "{{.State.Running}}", name)) === "false" ? true : undefined),
    45_000
  )
  expect(await siege.docker.ok("inspect", "-f", "{{.State.ExitCode}}", name)).toBe("0")
}

test("attached clients that never read hold neither the container nor who reads, nor cost memory", async () => {
  await siege.docker.ok("run", "-d", "-i", "--name", "hostile-attach", "busybox", "sh", "-c", `read go; ${output}`)
  const before = siege.memoryBytes()
  const request = `POST /containers/hostile-attach/attach?stream=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: d\r\n${upgrade}`
  await Promise.all([sleeper(request), sleeper(request), sleeper(request)])
  let read = 0
  const reader = siege.docker.run(["attach", "hostile-attach"], {
    input: "go\n",
    onStdout: (chunk) => {
      read += chunk.length
    },
    millis: 60_000
  })
  await ends("hostile-attach")
  expect((await reader).code).toBe(0)
  expect(read).toBe(MEGABYTES * 1_000_000)
  expect(siege.memoryBytes() - before).toBeLessThan(100_000_000)
})

test("a log that is followed and never read holds neither the container nor the daemon", async () => {
  await siege.docker.ok(
    "run",
    "-d",
    "-i",
    "--name",
    "hostile-logs",
    "busybox",
    "sh",
    "-c",
    `echo first; read go; ${output}`
  )
  const before = siege.memoryBytes()
  const request = "GET /containers/hostile-logs/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: d\r\n\r\n"
  await Promise.all([sleeper(request), sleeper(request)])
  await siege.docker.run(["attach", "--sig-proxy=false", "hostile-logs"], {
    input: "go\n",
    onStdout: () => undefined,
    millis: 60_000
  })
  await ends("hostile-logs")
  expect(siege.memoryBytes() - before).toBeLessThan(100_000_000)
})

test("events that nobody reads do not pile up", async () => {
  const before = siege.memoryBytes()
  // The past is told first, so that the answer begins at once.
  const request = "GET /events?since=1 HTTP/1.1\r\nHost: d\r\n\r\n"
  await Promise.all([sleeper(request), sleeper(request), sleeper(request)])
  const body = JSON.stringify({ Labels: { large: "x".repeat(500_000) }, Image: "busybox" })
  for (let round = 0; round < 30; round++) {
    const created = await siege.ask({ path: `/containers/create?name=hostile-event-${round}`, body })
    expect(created.status, created.text).toBe(201)
    expect((await siege.ask({ method: "DELETE", path: `/containers/hostile-event-${round}` })).status).toBe(204)
  }
  expect(siege.memoryBytes() - before).toBeLessThan(200_000_000)
})

test("an exec whose output nobody reads ends when its client goes, and holds nobody else", async () => {
  await siege.docker.ok("run", "-d", "--name", "hostile-exec", "busybox", "sleep", "3600")
  const created = await siege.ask({
    path: "/containers/hostile-exec/exec",
    body: JSON.stringify({ Cmd: ["sh", "-c", `echo first; ${output}`], AttachStdout: true })
  })
  const id = /"Id":"([0-9a-f]{64})"/.exec(created.text)?.[1] ?? ""
  const start = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
  const socket = await sleeper(
    `POST /exec/${id}/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n${start}`
  )
  expect(await siege.docker.ok("exec", "hostile-exec", "echo", "others", "go", "on")).toBe("others go on")
  socket.destroy()
  await until(
    "the exec has ended",
    async () => (/"Running":false/.test((await siege.ask({ path: `/exec/${id}/json` })).text) ? true : undefined),
    30_000
  )
})
