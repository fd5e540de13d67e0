import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import { Readable } from "node:stream"
import { extract, pack } from "tar-stream"
import { assert } from "vitest"
import type { Bench, Made } from "./bench.ts"
import { faultOf } from "./bench.ts"
import type { Row } from "./row.ts"

const tarOf = (files: Readonly<Record<string, string>>): Readable => {
  const tar = pack()
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text)
  tar.finalize()
  return Readable.from(tar)
}

/** Names and texts of the regular files in a tar. */
const filesIn = (tar: Readable): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.promise(async () => {
    const found: Record<string, string> = {}
    for await (const entry of tar.pipe(extract())) {
      let text = ""
      for await (const chunk of entry) text += String(chunk)
      if (entry.header.type === "file") found[entry.header.name] = text
    }
    return found
  })

const put = (bench: Bench, made: Made, path: string, files: Readonly<Record<string, string>>) =>
  bench.backend.archive.unpack(made.launch, made.handle, path, tarOf(files), {
    noOverwriteDirNonDir: false,
    copyUIDGID: false
  })

const readBack = (bench: Bench, made: Made): Effect.Effect<void, Fault> =>
  Effect.gen(function* () {
    const { archive } = bench.backend
    yield* put(bench, made, "/tmp", { note: "first" })
    yield* put(bench, made, "/tmp", { note: "second", other: "kept" })
    const stat = yield* archive.stat(made.launch, made.handle, "/tmp/note")
    assert.deepStrictEqual([stat.name, stat.size, stat.linkTarget], ["note", 6, ""])
    const packed = yield* archive.pack(made.launch, made.handle, "/tmp/note")
    assert.deepStrictEqual(packed.stat, stat)
    assert.deepStrictEqual(yield* filesIn(packed.tar), { note: "second" })
    const folder = yield* archive.pack(made.launch, made.handle, "/tmp")
    const files = yield* filesIn(folder.tar)
    assert.deepStrictEqual([files["tmp/note"], files["tmp/other"]], ["second", "kept"])
    for (const absent of [
      yield* faultOf(archive.stat(made.launch, made.handle, "/tmp/absent")),
      yield* faultOf(put(bench, made, "/absent", { x: "" }))
    ]) {
      assert.strictEqual(absent.kind, "not-found")
    }
  })

/** Files in and out. */
export const files = {
  archive: {
    promise: "`archive` works before, during and after a run, and knows what is not there",
    tests: {
      "in and out, created": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.create(bench.launch({ do: "read", path: "/tmp/note" }))
          yield* readBack(bench, made)
          yield* bench.start(made)
          assert.strictEqual((yield* bench.exitOf(made.launch.spec.id)).exitCode, 0)
          assert.strictEqual((yield* bench.printed(made)).stdout, "second")
        }),
      "in and out, running": (bench) => Effect.flatMap(bench.running({ do: "idle" }), (made) => readBack(bench, made)),
      "what a process wrote, ended": (bench) =>
        Effect.gen(function* () {
          const made = yield* bench.running({ do: "write", path: "/tmp/left", text: "behind" })
          assert.strictEqual((yield* bench.exitOf(made.launch.spec.id)).exitCode, 0)
          const { tar } = yield* bench.backend.archive.pack(made.launch, made.handle, "/tmp/left")
          assert.deepStrictEqual(yield* filesIn(tar), { left: "behind" })
          const whole = yield* filesIn(yield* bench.backend.archive.exportRoot(made.launch, made.handle))
          const paths = new Map(Object.entries(whole).map(([name, text]) => [name.replace(/^\.?\//, ""), text]))
          assert.strictEqual(paths.get("tmp/left"), "behind")
          const changes = yield* bench.backend.archive.changes(made.launch, made.handle)
          assert.deepInclude(changes, { path: "/tmp/left", kind: "added" })
        })
    },
    refused: {
      operation: "archive",
      attempt: (bench) =>
        Effect.flatMap(bench.create(bench.launch({ do: "idle" })), ({ launch, handle }) =>
          bench.backend.archive.stat(launch, handle, "/tmp")
        )
    }
  },
  volumes: {
    promise: "a named volume outlives its workloads, is shared by them, and is removed once asked",
    tests: {
      "written by one, read by the next": (bench) =>
        Effect.gen(function* () {
          const { volumes } = bench.backend
          const made = yield* bench.create(bench.launch({ do: "idle" }))
          const name = made.launch.spec.name
          const { mountpoint } = yield* volumes.create(name, {})
          assert.deepStrictEqual(yield* volumes.create(name, {}), { mountpoint })
          const mount = {
            type: "volume",
            name,
            anonymous: false,
            destination: "/data",
            readOnly: false,
            noCopy: false,
            driver: "local",
            mode: ""
          } as const
          const more = { volumeMountpoints: { [name]: mountpoint } }
          const writer = yield* bench.running({ do: "write", path: "/data/x", text: "kept" }, { mounts: [mount] }, more)
          assert.strictEqual((yield* bench.exitOf(writer.launch.spec.id)).exitCode, 0)
          yield* bench.backend.remove(writer.launch.spec.id, writer.handle)
          assert.isAtLeast((yield* volumes.usage(name)).bytes, 4)
          const reader = yield* bench.running({ do: "read", path: "/data/x" }, { mounts: [mount] }, more)
          yield* bench.exitOf(reader.launch.spec.id)
          assert.strictEqual((yield* bench.printed(reader)).stdout, "kept")
          yield* volumes.remove(name)
          yield* volumes.remove(name)
          assert.strictEqual((yield* volumes.usage(name)).bytes, 0)
        })
    },
    refused: {
      operation: "named volumes",
      attempt: (bench) => bench.backend.volumes.create("contract", {})
    }
  }
} satisfies Readonly<Record<string, Row>>
