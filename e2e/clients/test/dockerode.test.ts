import { type Daemon, startTarget, until } from "@sockerless/e2e-kit"
import Docker from "dockerode"
import { PassThrough, Readable } from "node:stream"
import { buffer, text } from "node:stream/consumers"
import { extract, pack } from "tar-stream"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

let daemon: Daemon
let docker: Docker

beforeAll(async () => {
  daemon = await startTarget()
  docker = new Docker({ socketPath: daemon.socket })
}, 120_000)
afterAll(() => daemon?.stop(), 120_000)

/** Both outputs of a multiplexed stream, once it has ended. */
const split = async (stream: NodeJS.ReadableStream): Promise<{ readonly stdout: string; readonly stderr: string }> => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  docker.modem.demuxStream(stream, stdout, stderr)
  stream.once("end", () => {
    stdout.end()
    stderr.end()
  })
  const [out, err] = await Promise.all([text(stdout), text(stderr)])
  return { stdout: out, stderr: err }
}

const create = (options: Docker.ContainerCreateOptions) => docker.createContainer({ Image: "busybox", ...options })

describe("dockerode", { timeout: 120_000 }, () => {
  it("runs a command, splits its outputs and tells its code", async () => {
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const outputs = Promise.all([text(stdout), text(stderr)])
    const [result, container]: [{ readonly StatusCode: number }, Docker.Container] = await docker.run(
      "busybox",
      ["sh", "-c", "echo out; echo err >&2; exit 3"],
      [stdout, stderr],
      { Tty: false }
    )
    stdout.end()
    stderr.end()
    assert.deepStrictEqual(await outputs, ["out\n", "err\n"])
    assert.strictEqual(result.StatusCode, 3)
    await container.remove()
    await container.inspect().then(
      () => assert.fail("it is still there"),
      (error: { readonly statusCode: number }) => assert.strictEqual(error.statusCode, 404)
    )
  })

  it("attaches before the start and half-closes stdin", async () => {
    const container = await create({ Cmd: ["cat"], OpenStdin: true, StdinOnce: true, AttachStdin: true })
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })
    const output = split(stream)
    await container.start()
    stream.end("given\n")
    assert.deepStrictEqual(await output, { stdout: "given\n", stderr: "" })
    assert.strictEqual((await container.wait()).StatusCode, 0)
    await container.remove()
  })

  it("execs with and without a terminal", async () => {
    const container = await create({ Cmd: ["sleep", "600"] })
    await container.start()
    const plain = await container.exec({
      Cmd: ["sh", "-c", "echo a; echo b >&2; exit 5"],
      AttachStdout: true,
      AttachStderr: true
    })
    assert.deepStrictEqual(await split(await plain.start({})), { stdout: "a\n", stderr: "b\n" })
    assert.strictEqual((await plain.inspect()).ExitCode, 5)
    const terminal = await container.exec({ Cmd: ["sh", "-c", "test -t 0 && echo tty"], AttachStdout: true, Tty: true })
    assert.strictEqual(await text(await terminal.start({ Tty: true })), "tty\r\n")
    await container.remove({ force: true })
  })

  it("copies in and out", async () => {
    const container = await create({ Cmd: ["cat", "/tmp/in/file"] })
    const tar = pack()
    tar.entry({ name: "in/file" }, "carried")
    tar.finalize()
    await container.putArchive(Readable.from(tar), { path: "/tmp" })
    const files: Record<string, string> = {}
    const back = extract()
    Readable.from(await container.getArchive({ path: "/tmp/in" })).pipe(back)
    for await (const entry of back) {
      if (entry.header.type === "file") files[entry.header.name] = (await buffer(entry)).toString()
      entry.resume()
    }
    assert.deepStrictEqual(files, { "in/file": "carried" })
    await container.start()
    await container.wait()
    const logs = await container.logs({ stdout: true, stderr: true, follow: false })
    assert.strictEqual(logs.subarray(8).toString(), "carried")
    await container.remove()
  })

  it("follows logs to the end and lists by filter", async () => {
    const container = await create({
      Cmd: ["sh", "-c", "echo one; sleep 0.2; echo two"],
      Labels: { suite: "dockerode" }
    })
    await container.start()
    const followed = split(await container.logs({ stdout: true, stderr: true, follow: true }))
    assert.deepStrictEqual(await followed, { stdout: "one\ntwo\n", stderr: "" })
    const found = await until("it is listed as ended", async () => {
      const rows = await docker.listContainers({
        all: true,
        filters: { label: ["suite=dockerode"], status: ["exited"] }
      })
      return rows.length > 0 ? rows : undefined
    })
    assert.deepStrictEqual(
      found.map(({ Id }) => Id),
      [container.id]
    )
    await container.remove()
  })
})
