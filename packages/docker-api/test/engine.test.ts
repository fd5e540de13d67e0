import { assert, describe, it } from "@effect/vitest"
import type { ScriptedPlace } from "@sockerless/backend-scripted"
import type Docker from "dockerode"
import { Effect } from "effect"
import { PassThrough } from "node:stream"
import { text } from "node:stream/consumers"
import { servedEngine } from "./served-engine.ts"

const LIMIT_MILLIS = 90_000

interface Refused {
  readonly statusCode: number
  readonly json: { readonly message: string }
}

interface Parts {
  readonly docker: Docker
  readonly place: ScriptedPlace
}

const onEngine = (title: string, test: (parts: Parts) => Promise<void>): void => {
  it.live(
    title,
    () => Effect.scoped(Effect.flatMap(servedEngine, (parts) => Effect.promise(() => test(parts)))),
    LIMIT_MILLIS
  )
}

const create = (docker: Docker, command: ReadonlyArray<string>, options: Docker.ContainerCreateOptions = {}) =>
  docker.createContainer({ Image: "test:v1", Cmd: [...command], ...options })

const refusalOf = (promise: Promise<unknown>): Promise<readonly [number, string]> =>
  promise.then(
    () => [200, "it was accepted"] as const,
    (error: Refused) => [error.statusCode, error.json.message] as const
  )

/** Both outputs of a multiplexed stream, once it has ended. */
const split = async (docker: Docker, stream: NodeJS.ReadableStream): Promise<readonly [string, string]> => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  docker.modem.demuxStream(stream, stdout, stderr)
  stream.once("end", () => {
    stdout.end()
    stderr.end()
  })
  return Promise.all([text(stdout), text(stderr)])
}

describe("the wire over an engine", () => {
  onEngine("attach before start, half-close, wait, logs and inspect agree", async ({ docker }) => {
    const container = await create(docker, ["echo"], { name: "io", OpenStdin: true, StdinOnce: true })
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })
    const waiting = container.wait({ condition: "next-exit" })
    await container.start()
    const output = split(docker, stream)
    stream.end("given\n")
    assert.deepStrictEqual(await output, ["given\n", ""])
    assert.deepStrictEqual(await waiting, { StatusCode: 0, Error: null })
    const { State } = await container.inspect()
    assert.deepInclude(State, { Status: "exited", Running: false, ExitCode: 0, Pid: 0, OOMKilled: false })
    const logs = await container.logs({ stdout: true, stderr: true, follow: false })
    assert.strictEqual(logs.subarray(8).toString(), "given\n")
  })

  onEngine("exec: streams, code and terminal", async ({ docker }) => {
    const container = await create(docker, ["idle"])
    await container.start()
    const said = await container.exec({ Cmd: ["say", "a", "b", "42"], AttachStdout: true, AttachStderr: true })
    assert.deepStrictEqual(await split(docker, await said.start({})), ["a", "b"])
    assert.deepInclude(await said.inspect(), { ExitCode: 42, Running: false })
    const sized = await container.exec({ Cmd: ["size"], AttachStdin: true, AttachStdout: true, Tty: true })
    const stream = await sized.start({ hijack: true, stdin: true, Tty: true })
    await sized.resize({ h: 12, w: 34 })
    const answer = text(stream)
    stream.end("line\r")
    assert.strictEqual(await answer, "12x34\r\n")
  })

  onEngine("refusals carry Docker's status and text", async ({ docker }) => {
    assert.deepStrictEqual(await refusalOf(docker.getContainer("nope").inspect()), [404, "No such container: nope"])
    assert.deepStrictEqual(await refusalOf(create(docker, ["x"], { Image: "absent" })), [
      404,
      "No such image: absent:latest"
    ])
    const container = await create(docker, ["idle"], { name: "one" })
    const [clash, words] = await refusalOf(create(docker, ["idle"], { name: "one" }))
    assert.strictEqual(clash, 409)
    assert.include(words, `The container name "/one" is already in use by container "${container.id}"`)
    assert.strictEqual((await refusalOf(container.stop()))[0], 304)
    assert.deepStrictEqual(await refusalOf(container.kill()), [
      409,
      `cannot kill container: ${container.id}: container ${container.id} is not running`
    ])
    await container.start()
    assert.strictEqual((await refusalOf(container.start()))[0], 304)
    assert.strictEqual((await refusalOf(container.remove()))[0], 409)
    const missing = await create(docker, ["missing"])
    const [status, why] = await refusalOf(missing.start())
    assert.strictEqual(status, 400)
    assert.include(why, 'exec: "missing": executable file not found in $PATH: unknown')
    assert.strictEqual((await missing.inspect()).State.ExitCode, 127)
  })

  onEngine("events come as they happen, and again with since", async ({ docker, place }) => {
    const live = await docker.getEvents({ filters: { type: ["container"] } })
    const seen: Array<string> = []
    const destroyed = new Promise<void>((resolve) => {
      live.on("data", (chunk: Buffer) => {
        for (const line of chunk.toString().trim().split("\n")) seen.push(JSON.parse(line).Action)
        if (seen.includes("destroy")) resolve()
      })
    })
    const container = await create(docker, ["idle"], { HostConfig: { AutoRemove: true } })
    await container.start()
    place.end(container.id, { exitCode: 5 })
    assert.deepStrictEqual(await docker.getContainer(container.id).wait(), { StatusCode: 5, Error: null })
    await destroyed
    assert.deepStrictEqual(seen, ["create", "start", "die", "destroy"])
    const window = { since: 0, until: Math.ceil(Date.now() / 1000), filters: { container: [container.id] } }
    const past = (await text(await docker.getEvents(window))).trim().split("\n")
    assert.deepStrictEqual(
      past.map((line) => JSON.parse(line).Action),
      seen
    )
  })

  onEngine("what a slow place does is waited for, and what it cannot do is told", async ({ docker, place }) => {
    const container = await create(docker, ["idle"])
    const release = place.hold("start")
    const starting = container.start().then(() => "started")
    assert.strictEqual(await Promise.race([starting, container.inspect().then(({ State }) => State.Status)]), "created")
    release()
    assert.strictEqual(await starting, "started")
    place.failNext("pause", { _tag: "Frozen", kind: "failed", message: "the freezer is full" })
    assert.deepStrictEqual(await refusalOf(container.pause()), [500, "the freezer is full"])
    place.failNext("stats", { _tag: "Away", kind: "unavailable", message: "try again" })
    assert.strictEqual((await refusalOf(container.stats({ stream: false })))[0], 503)
    await container.remove({ force: true })
    assert.strictEqual(place.workloads.size, 0)
  })
})
