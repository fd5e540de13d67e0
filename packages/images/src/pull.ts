import { killpoint } from "@sockerless/killpoints"
import { Effect, Queue, Stream, type Cause } from "effect"
import { addImage } from "./add-image.ts"
import { attempt, type ImageFault, imageFault } from "./faults.ts"
import type { Progress, RegistryAuth } from "./image-store.ts"
import type { Shelf } from "./library.ts"
import { failureMessage, layerStatus, transferred } from "./progress.ts"
import { canonical, familiarName, parseReference, type Reference } from "./reference.ts"
import { blobBytes } from "./registry/blobs.ts"
import { endpointsOf, RegistryClient, type RegistryOptions } from "./registry/client.ts"
import { fetchManifest, type FetchedManifest } from "./registry/manifests.ts"

const CONCURRENT_LAYERS = 3
/** Bytes between two progress messages of a layer. */
const PROGRESS_STEP = 512 * 1024

type Messages = Queue.Enqueue<Progress, Cause.Done>

interface Source {
  readonly client: RegistryClient
  readonly reference: Reference
  readonly fetched: FetchedManifest
}

const shortId = (digest: string): string => digest.replace(/^sha256:/, "").slice(0, 12)

/** The first endpoint that answers; a mirror that fails is passed over, the last one's answer counts. */
const findManifest = (
  reference: Reference,
  options: RegistryOptions,
  auth: RegistryAuth | undefined,
  platform: string | undefined
): Effect.Effect<Source, ImageFault> => {
  const endpoints = endpointsOf(reference.domain, options)
  const from = (endpoint: string) =>
    attempt(`ask ${endpoint}`, async (signal) => {
      const client = new RegistryClient(endpoint, auth, signal)
      return {
        client: new RegistryClient(endpoint, auth, new AbortController().signal),
        reference,
        fetched: await fetchManifest(client, reference, platform)
      }
    })
  const [first, ...rest] = endpoints.map(from)
  if (first === undefined) return Effect.fail(imageFault("failed", `no endpoint for registry ${reference.domain}`))
  return rest.reduce((tried, next) => Effect.catch(tried, () => next), first)
}

const fetchLayer = (
  shelf: Shelf,
  source: Source,
  layer: FetchedManifest["manifest"]["layers"][number],
  messages: Messages
) =>
  Effect.gen(function* () {
    const id = shortId(layer.digest)
    if (yield* attempt("look for layer", () => shelf.blobs.has(layer.digest))) {
      yield* Queue.offer(messages, layerStatus("Already exists", id))
      return
    }
    let told = 0
    yield* attempt(`pull layer ${id}`, () =>
      shelf.blobs.write(blobBytes(source.client, source.reference, layer.digest), {
        digest: layer.digest,
        size: layer.size,
        onProgress: (bytes) => {
          if (bytes - told < PROGRESS_STEP && bytes < layer.size) return
          told = bytes
          Queue.offerUnsafe(messages, transferred("Downloading", id, bytes, layer.size))
        }
      })
    )
    yield* Queue.offer(messages, layerStatus("Verifying Checksum", id))
    yield* Queue.offer(messages, layerStatus("Download complete", id))
  })

const fetchAll = Effect.fnUntraced(function* (shelf: Shelf, source: Source, messages: Messages) {
  const { reference, fetched } = source
  const { config, layers } = fetched.manifest
  for (const layer of layers) yield* Queue.offer(messages, layerStatus("Pulling fs layer", shortId(layer.digest)))
  yield* attempt("pull config", async () => {
    if (await shelf.blobs.has(config.digest)) return
    await shelf.blobs.write(blobBytes(source.client, reference, config.digest), {
      digest: config.digest,
      size: config.size
    })
  })
  yield* Effect.forEach(layers, (layer) => fetchLayer(shelf, source, layer, messages), {
    concurrency: CONCURRENT_LAYERS,
    discard: true
  })
  killpoint("images.pull.after-layers")
  const { digest: manifestDigest } = yield* attempt("keep manifest", () => shelf.blobs.writeText(fetched.text))
  const named = canonical(reference)
  const before = shelf.library.owner(named)
  const byDigest = `${reference.domain}/${reference.path}@${fetched.rootDigest}`
  yield* addImage(shelf, {
    configDigest: config.digest,
    layers: layers.map((layer) => ({ blob: layer.digest, mediaType: layer.mediaType ?? "" })),
    manifestDigest,
    references: [named, byDigest],
    onUnpack: (index) => {
      const layer = layers[index]
      if (layer !== undefined) Queue.offerUnsafe(messages, layerStatus("Extracting", shortId(layer.digest)))
    }
  })
  for (const layer of layers) yield* Queue.offer(messages, layerStatus("Pull complete", shortId(layer.digest)))
  return before === config.digest
})

/** `docker pull`: the manifest is asked for first, so that "not there" is an answer and not a broken stream. */
export const pullImage = Effect.fn("images.pull")(function* (
  shelf: Shelf,
  registries: RegistryOptions,
  ref: string,
  options: { readonly platform: string | undefined; readonly auth: RegistryAuth | undefined }
): Effect.fn.Return<Stream.Stream<Progress>, ImageFault> {
  const reference = yield* parseReference(ref)
  killpoint("images.pull.before-manifest")
  const source = yield* findManifest(reference, registries, options.auth, options.platform)
  const shown = reference.digest === undefined ? (reference.tag ?? "latest") : reference.digest
  const name = `${familiarName(reference)}${reference.digest === undefined ? ":" : "@"}${shown}`
  return Stream.callback<Progress>((messages) =>
    Effect.gen(function* () {
      yield* Queue.offer(messages, { status: `Pulling from ${reference.path}`, id: shown })
      const upToDate = yield* shelf.leases.hold(fetchAll(shelf, source, messages))
      yield* Queue.offer(messages, { status: `Digest: ${source.fetched.rootDigest}` })
      yield* Queue.offer(messages, {
        status: upToDate ? `Status: Image is up to date for ${name}` : `Status: Downloaded newer image for ${name}`
      })
    }).pipe(
      Effect.catch((fault) => Queue.offer(messages, failureMessage(fault.message))),
      Effect.andThen(Queue.end(messages))
    )
  )
})
