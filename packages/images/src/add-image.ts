import { Effect } from "effect"
import { killpoint } from "@sockerless/killpoints"
import { attempt, type ImageFault, imageFault } from "./faults.ts"
import { layerContent } from "./layers.ts"
import { parseConfig, type Shelf, type StoredLayer } from "./library.ts"

const MANIFEST = "application/vnd.oci.image.manifest.v1+json"
const CONFIG = "application/vnd.oci.image.config.v1+json"
/** overlayfs takes no more lower folders than this in one mount; Docker has the same limit. */
const LAYER_LIMIT = 127
/** A config is read whole and kept in memory. */
const CONFIG_LIMIT_BYTES = 4 * 1024 * 1024

export interface NewImage {
  /** Digest of the config blob, already stored. */
  readonly configDigest: string
  /** Blobs of the layers, lowest first, already stored. */
  readonly layers: ReadonlyArray<{ readonly blob: string; readonly mediaType: string }>
  /** Digest of a manifest blob that names exactly these; undefined writes one. */
  readonly manifestDigest: string | undefined
  readonly references: ReadonlyArray<string>
  readonly onUnpack?: (index: number) => void
}

const writeManifest = Effect.fnUntraced(function* (
  shelf: Shelf,
  configDigest: string,
  layers: ReadonlyArray<StoredLayer>
) {
  const configBytes = yield* attempt("measure config", () => shelf.blobs.size(configDigest))
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: configDigest, size: configBytes },
    layers: layers.map((layer) => ({ mediaType: layer.mediaType, digest: layer.blob, size: layer.blobBytes }))
  }
  return (yield* attempt("write manifest", () => shelf.blobs.writeText(JSON.stringify(manifest)))).digest
})

/** Refuses an image of more layers than can be mounted or of a config beyond all measure, before it is fetched. */
export const checkImageBounds = (layers: number, configBytes: number): Effect.Effect<void, ImageFault> => {
  if (layers > LAYER_LIMIT)
    return Effect.fail(imageFault("invalid", `max depth exceeded: ${layers} layers, allowed are ${LAYER_LIMIT}`))
  return configBytes > CONFIG_LIMIT_BYTES
    ? Effect.fail(
        imageFault("invalid", `invalid image config: ${configBytes} bytes, allowed are ${CONFIG_LIMIT_BYTES}`)
      )
    : Effect.void
}

/** Unpacks what is missing and makes the image known: the record is the last thing written. */
export const addImage = Effect.fn("images.add")(function* (
  shelf: Shelf,
  image: NewImage
): Effect.fn.Return<string, ImageFault> {
  const { blobs, layers: unpacked } = shelf
  const configBytes = yield* attempt("measure config", () => blobs.size(image.configDigest))
  yield* checkImageBounds(image.layers.length, configBytes)
  const blob = yield* parseConfig(yield* attempt("read config", () => blobs.text(image.configDigest)))
  const diffIds = blob.rootfs.diff_ids ?? []
  if (diffIds.length !== image.layers.length) {
    return yield* Effect.fail(
      imageFault(
        "invalid",
        `invalid image: its config names ${diffIds.length} layers, its manifest ${image.layers.length}`
      )
    )
  }
  let sizeBytes = 0
  const layers: Array<StoredLayer> = []
  for (const [index, diffId] of diffIds.entries()) {
    const layer = image.layers[index]
    if (layer === undefined || !/^sha256:[0-9a-f]{64}$/.test(diffId)) {
      return yield* Effect.fail(imageFault("invalid", `invalid diff id ${JSON.stringify(diffId)} in image config`))
    }
    image.onUnpack?.(index)
    // Not left alone when the client goes: what it writes must be swept after it, not before.
    yield* Effect.uninterruptible(
      attempt(`unpack layer ${layer.blob}`, async () => {
        if (!(await unpacked.has(diffId))) await unpacked.unpack(diffId, layerContent(blobs, layer.blob, diffId))
        await unpacked.linked(diffId)
      })
    )
    sizeBytes += yield* attempt("measure layer", () => unpacked.size(diffId))
    const blobBytes = yield* attempt("measure layer blob", () => blobs.size(layer.blob))
    layers.push({ blob: layer.blob, blobBytes, mediaType: layer.mediaType, diffId })
  }
  const manifestDigest = image.manifestDigest ?? (yield* writeManifest(shelf, image.configDigest, layers))
  killpoint("images.add.before-record")
  yield* shelf.library.save(
    { id: image.configDigest, manifestDigest, layers, sizeBytes, lastTagTime: new Date().toISOString() },
    blob,
    image.references
  )
  killpoint("images.add.after-record")
  return image.configDigest
})
