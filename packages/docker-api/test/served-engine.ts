import { type End, makeScriptedBackend, ScriptedPlace } from "@sockerless/backend-scripted"
import { Backends, engineLayer, Recovery } from "@sockerless/engine"
import { diskStore, ImageStore } from "@sockerless/images"
import { storeMemory } from "@sockerless/store"
import Docker from "dockerode"
import { Effect, Layer, Stream } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { dockerApi } from "../src/index.ts"

/**
 * Commands of these tests: `say OUT ERR CODE` prints and ends, `echo` copies its input, `size` tells its terminal's
 * size for each line; all others run until they are ended.
 */
const placeOfTests = (): ScriptedPlace =>
  new ScriptedPlace({
    behave: async (process): Promise<End> => {
      const [program, ...args] = process.argv
      if (program === "say") {
        process.print(args[0] ?? "")
        process.print(args[1] ?? "", 2)
        return { exitCode: Number(args[2]) }
      }
      if (program === "echo" || program === "size") {
        for await (const chunk of process.stdin) {
          const { rows, columns } = process.terminalSize()
          process.print(program === "echo" ? String(chunk) : `${rows}x${columns}\n`)
        }
        return { exitCode: 0 }
      }
      return new Promise<End>(() => undefined)
    },
    cannotStart: ([program]) =>
      program === "missing"
        ? { detail: 'exec: "missing": executable file not found in $PATH', exitCode: 127 }
        : undefined
  })

/** The wire over a whole engine on a scripted place, with the image `test:v1`, and dockerode pointed at it. */
export const servedEngine = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "wire-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const place = placeOfTests()
  const images = diskStore({ root: join(folder, "images"), registries: { insecure: [], mirrors: [] } })
  const backends = Layer.effect(
    Backends,
    Effect.map(makeScriptedBackend(place), (backend) =>
      Backends.of({ byName: new Map([[backend.name, backend]]), defaultName: backend.name })
    )
  )
  const services = yield* Layer.build(
    engineLayer({ instanceId: "test", dataRoot: folder }).pipe(
      Layer.provideMerge(images),
      Layer.provide(backends),
      Layer.provide(storeMemory)
    )
  )
  return yield* Effect.gen(function* () {
    mkdirSync(join(folder, "root/etc"), { recursive: true })
    writeFileSync(join(folder, "root/etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")
    const tar = execFileSync("tar", ["-C", join(folder, "root"), "-c", "."])
    const options = { repository: "test", tag: "v1", message: "", changes: [], platform: undefined }
    yield* Effect.flatMap((yield* ImageStore).importTar(Readable.from([tar]), options), Stream.runDrain)
    yield* (yield* Recovery).run
    const { createServer } = yield* dockerApi({ version: "0.1.0" })
    const server = createServer("unix")
    const socketPath = join(folder, "d.sock")
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => {
        server.listen(socketPath, () => resume(Effect.void))
      }),
      () =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    )
    return { place, docker: new Docker({ socketPath }) }
  }).pipe(Effect.provideContext(services))
})
