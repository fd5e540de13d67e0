import { Store } from "@sockerless/store"
import { Effect, Layer, Stream } from "effect"
import { Blobs } from "./blobs.ts"
import { commitImage } from "./commit.ts"
import { distributionOf } from "./distribution.ts"
import { attempt, type ImageFault, imageFault } from "./faults.ts"
import { historyOf } from "./history.ts"
import { type ImageRecord, ImageStore, type Progress, type RegistryAuth } from "./image-store.ts"
import { importTar } from "./import.ts"
import { layerContent, Layers } from "./layers.ts"
import { Leases } from "./leases.ts"
import { Library, type Shelf, type StoredImage } from "./library.ts"
import { loadArchive } from "./load.ts"
import { pullImage } from "./pull.ts"
import { copyImage, pushImage } from "./push.ts"
import { canonical, parseReference } from "./reference.ts"
import { endpointsOf, RegistryClient, type RegistryOptions } from "./registry/client.ts"
import { removeImage, sweepContent } from "./remove.ts"
import { saveImages } from "./save.ts"

export interface DiskStoreOptions {
  /** Folder for blobs and unpacked layers. */
  readonly root: string
  readonly registries: RegistryOptions
}

const recordOf = (shelf: Shelf, image: StoredImage): Effect.Effect<ImageRecord, ImageFault> => {
  const record = shelf.library.record(image.id)
  return record === undefined
    ? Effect.fail(imageFault("failed", `image ${image.id} has no record`))
    : Effect.succeed(record)
}

const layerFolders = (shelf: Shelf, id: string) =>
  Effect.gen(function* () {
    const image = yield* shelf.library.find(id)
    return yield* attempt(`unpack ${id}`, async () => {
      const folders: Array<string> = []
      for (const layer of image.layers) {
        if (!(await shelf.layers.has(layer.diffId)))
          await shelf.layers.unpack(layer.diffId, layerContent(shelf.blobs, layer.blob, layer.diffId))
        folders.push(await shelf.layers.linked(layer.diffId))
      }
      return folders
    })
  })

const tag = (shelf: Shelf, source: string, repository: string, tagName: string) =>
  Effect.gen(function* () {
    const image = yield* shelf.library.find(source)
    const reference = yield* parseReference(tagName === "" ? repository : `${repository}:${tagName}`)
    if (reference.digest !== undefined) {
      return yield* Effect.fail(imageFault("invalid", "refusing to create a tag with a digest reference"))
    }
    const record = yield* recordOf(shelf, image)
    yield* shelf.library.save({ ...image, lastTagTime: new Date().toISOString() }, record.raw, [canonical(reference)])
  })

const login = (registries: RegistryOptions, auth: RegistryAuth) =>
  attempt("log in", async (signal) => {
    const host = (auth.serverAddress ?? "").replace(/^https?:\/\//, "").split("/")[0] ?? ""
    const domain = host === "" || host === "index.docker.io" ? "docker.io" : host
    const endpoints = endpointsOf(domain, { insecure: registries.insecure, mirrors: [] })
    const client = new RegistryClient(endpoints[0] ?? "", auth, signal)
    const response = await client.request("/v2/")
    await response.body?.cancel()
    if (response.status === 401) {
      throw imageFault("unauthenticated", `login attempt to ${endpoints[0]}/v2/ failed with status: 401 Unauthorized`)
    }
    if (!response.ok)
      throw imageFault("failed", `login attempt to ${endpoints[0]}/v2/ failed with status: ${response.status}`)
    return { status: "Login Succeeded", identityToken: "" }
  })

const verbs = (shelf: Shelf, registries: RegistryOptions): ImageStore["Service"] => ({
  resolve: (ref) => Effect.flatMap(shelf.library.find(ref), (image) => recordOf(shelf, image)),
  list: () => Effect.sync(() => shelf.library.all()),
  layerFolders: (id) => layerFolders(shelf, id),
  history: (ref) =>
    Effect.flatMap(shelf.library.find(ref), (image) =>
      attempt("read history", () => historyOf(shelf.library, image, (diffId) => shelf.layers.size(diffId)))
    ),
  pull: (ref, options) => pullImage(shelf, registries, ref, options),
  push: (ref, options) => pushImage(shelf, registries, ref, options),
  copy: (imageId, reference, auth) => copyImage(shelf, registries, imageId, reference, auth),
  load: (input) =>
    Effect.map(shelf.leases.holdAndSweep(loadArchive(shelf, input)), (messages) => Stream.fromIterable(messages)),
  importTar: (input, options) =>
    Effect.map(shelf.leases.hold(importTar(shelf, input, options)), (id) => Stream.make<[Progress]>({ status: id })),
  commit: (layer, request) => shelf.leases.hold(commitImage(shelf, layer, request)),
  distribution: (ref, auth) => distributionOf(registries, ref, auth),
  save: (refs) => saveImages(shelf, refs),
  tag: (source, repository, tagName) => tag(shelf, source, repository, tagName),
  remove: (ref, options) => removeImage(shelf, ref, options),
  login: (auth) => login(registries, auth)
})

/** Images on disk. Opening removes what no record names: half-written content and what a crash left. */
export const diskStore = (options: DiskStoreOptions): Layer.Layer<ImageStore, ImageFault, Store> =>
  Layer.effect(
    ImageStore,
    Effect.gen(function* () {
      const content = {
        blobs: new Blobs(options.root),
        layers: new Layers(options.root),
        library: new Library(yield* Store)
      }
      const shelf: Shelf = { ...content, leases: new Leases(sweepContent(content)) }
      yield* attempt("open the image store", async () => {
        await shelf.blobs.open()
        await shelf.layers.open()
      })
      yield* shelf.library.load(shelf.blobs)
      yield* sweepContent(shelf)
      return ImageStore.of(verbs(shelf, options.registries))
    })
  )
