import { assert, it } from "@effect/vitest"
import Docker from "dockerode"
import { Effect } from "effect"
import { PassThrough } from "node:stream"
import { serve } from "./stand-in.ts"
import { snapshot } from "./snapshots.ts"

it.live("dockerode: options in the query, filters as lists, exec with stdin and without Upgrade", () =>
  Effect.gen(function* () {
    const input = new PassThrough()
    const output = new PassThrough()
    const typed: Array<string> = []
    input.on("data", (chunk: Buffer) => {
      typed.push(chunk.toString())
      output.end("answer")
    })
    const filters: Array<unknown> = []
    const { socketPath } = yield* serve({
      containers: {
        create: () => Effect.succeed({ id: "x", warnings: [] }),
        stop: (_ref, options) => Effect.sync(() => filters.push(options)),
        start: () => Effect.void,
        list: (options) => Effect.sync(() => (filters.push([...options.filters]), [snapshot()]))
      },
      images: { inspect: () => Effect.fail({ _tag: "x", kind: "not-found" as const, message: "No such image: a" }) },
      execs: {
        create: () => Effect.succeed({ id: "e" }),
        start: () => Effect.succeed({ output, input, tty: true })
      }
    })
    const docker = new Docker({ socketPath })
    const container = yield* Effect.promise(() => docker.createContainer({ Image: "a", name: "n", Env: ["A=b"] }))
    yield* Effect.promise(() => container.start())
    yield* Effect.promise(() => container.stop({ t: 0 }))
    const rows = yield* Effect.promise(() => docker.listContainers({ all: true, filters: { label: ["a=b"] } }))
    assert.strictEqual(rows[0]?.Names[0], "/plain")
    assert.deepStrictEqual(filters, [{ timeoutSeconds: 0 }, [["label", ["a=b"]]]])
    const exec = yield* Effect.promise(() => container.exec({ Cmd: ["cat"], AttachStdin: true, AttachStdout: true }))
    const stream = yield* Effect.promise(() => exec.start({ stdin: true, hijack: false }))
    stream.write("question")
    const answer = yield* Effect.callback<string>((resume) => {
      let text = ""
      stream.on("data", (chunk: Buffer) => (text += chunk.toString()))
      stream.on("end", () => resume(Effect.succeed(text)))
    })
    assert.strictEqual(answer, "answer")
    assert.deepStrictEqual(typed, ["question"])
  })
)
