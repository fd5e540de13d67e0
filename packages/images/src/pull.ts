import { killpoint } from "@sockerless/killpoints"
import { Effect, Queue, Result, Stream, type Cause } from "effect"
import { addImage, checkImageBounds } from "./add-image.ts"
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

interface PullOptions {
  readonly platform: string | undefined
  readonly auth: RegistryAuth | undefined
}

interface Source {
  readonly client: RegistryClient
  readonly reference: Reference
  readonly fetched: FetchedManifest
}

const shortId = (digest: string): string => digest.replace(/^sha256:/, "").slice(0, 12)

/** The first endpoint that answers; a mirror that fails is passed over, the last one's answer counts. */
const findManifest = Effect.fnUntraced(function* (
  reference: Reference,
  options: RegistryOptions,
  asked: PullOptions,
  whole: AbortController
): Effect.fn.Return<Source, ImageFault> {
  const endpoints = endpointsOf(reference.domain, options)
  const own = endpoints.at(-1)
  let failed = imageFault("failed", `no endpoint for registry ${reference.domain}`)
  for (const endpoint of endpoints) {
    // Credentials are the registry's own: a mirror is somebody else.
    const auth = endpoint === own ? asked.auth : undefined
    const found = yield* Effect.result(
      attempt(`ask ${endpoint}`, async (signal) => {
        signal.addEventListener("abort", () => whole.abort(), { once: true })
        const client = new RegistryClient(endpoint, auth, whole.signal)
        return { client, reference, fetched: await fetchManifest(client, reference, asked.platform) }
      })
    )
    if (Result.isSuccess(found)) return found.success
    failed = found.failure
  }
  return yield* Effect.fail(failed)
})

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
  yield* checkImageBounds(layers.length, config.size)
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
  options: PullOptions
): Effect.fn.Return<Stream.Stream<Progress>, ImageFault> {
  const reference = yield* parseReference(ref)
  killpoint("images.pull.before-manifest")
  const whole = new AbortController()
  const source = yield* findManifest(reference, registries, options, whole)
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
      Effect.andThen(Queue.end(messages)),
      // A client that left takes its download with it.
      Effect.onInterrupt(() => Effect.sync(() => whole.abort()))
    )
  )
})
