import { it } from "@effect/vitest"
import { storeMemory } from "@sockerless/store"
import { Context, Effect, Layer, Stream } from "effect"
import { Readable } from "node:stream"
import { diskStore, ImageStore, type RegistryOptions } from "../src/index.ts"
import { folder } from "./folder.ts"
import { digestOf, type MadeEntry, madeTar } from "./made-tar.ts"

/** Layers are unpacked with their owners, which is root's to set. */
export const asRoot = it.effect.skipIf(process.getuid?.() !== 0)

/** An image store of its own for one test. */
export const opened = (registries: Partial<RegistryOptions> = {}) =>
  Effect.gen(function* () {
    const root = yield* folder
    const layer = diskStore({ root, registries: { insecure: [], mirrors: [], ...registries } }).pipe(
      Layer.provide(storeMemory)
    )
    return { root, images: Context.get(yield* Layer.build(layer), ImageStore) }
  })

/** The config of an image of these layers. */
export const configOf = (layers: ReadonlyArray<Buffer>): string =>
  JSON.stringify({
    architecture: "amd64",
    os: "linux",
    created: "2024-01-01T00:00:00Z",
    config: { Env: ["A=1"], Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
    history: layers.map((_, at) => ({ created: "2024-01-01T00:00:00Z", created_by: `step ${at}` }))
  })

/** A docker-archive as `docker save` of old wrote it. */
export const dockerArchive = (layers: ReadonlyArray<Buffer>, tags: ReadonlyArray<string>): Promise<Buffer> => {
  const names = layers.map((_, at) => `${at}/layer.tar`)
  const entries: ReadonlyArray<MadeEntry> = [
    { name: "config.json", content: configOf(layers) },
    ...layers.map((content, at) => ({ name: names[at] ?? "", content })),
    { name: "manifest.json", content: JSON.stringify([{ Config: "config.json", RepoTags: tags, Layers: names }]) }
  ]
  return madeTar(entries)
}

/** Loads an archive and gives what was said. */
export const load = (images: ImageStore["Service"], bytes: Buffer) =>
  Effect.flatMap(images.load(Readable.from([bytes]), { quiet: false }), Stream.runCollect)
