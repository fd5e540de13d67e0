import type { Readable } from "node:stream"
import { Effect, Schema } from "effect"
import { addImage } from "./add-image.ts"
import { applyChanges } from "./config-changes.ts"
import { attempt, type ImageFault, imageFault } from "./faults.ts"
import { ImageConfigBlob } from "./image-config.ts"
import type { CommitRequest } from "./image-store.ts"
import { storePlain } from "./import.ts"
import type { Shelf } from "./library.ts"
import { canonical, parseReference } from "./reference.ts"

/** Diff id of a tar without entries: such a layer is noted in the history only, as Docker does. */
const EMPTY_TAR = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

/** Only the fields of an image config: a container's `Config` has more. */
const decodeConfig = Schema.decodeUnknownEffect(ImageConfigBlob.fields.config)

const referencesOf = Effect.fnUntraced(function* (request: CommitRequest) {
  if (request.repository === "") return []
  const text = request.tag === "" ? request.repository : `${request.repository}:${request.tag}`
  return [canonical(yield* parseReference(text))]
})

const configOf = Effect.fnUntraced(function* (request: CommitRequest) {
  const kept = yield* Effect.mapError(decodeConfig(request.config), (error) =>
    imageFault("invalid", `invalid config for the new image: ${error.message}`)
  )
  const given = Object.fromEntries(
    Object.entries(kept ?? {}).filter(([, value]) => value !== null && value !== undefined)
  )
  return yield* applyChanges(given, request.changes)
})

/** `docker commit`: an image of the parent's layers and one more. */
export const commitImage = Effect.fn("images.commit")(function* (
  shelf: Shelf,
  layer: Readable,
  request: CommitRequest
): Effect.fn.Return<string, ImageFault> {
  const references = yield* referencesOf(request)
  const config = yield* configOf(request)
  const parent = yield* shelf.library.find(request.parent)
  const base = shelf.library.record(parent.id)?.raw
  // The tar is plain, so its digest is its diff id.
  const diffId = yield* storePlain(shelf, layer)
  const isEmpty = diffId === EMPTY_TAR
  const created = new Date().toISOString()
  const history = {
    created,
    ...(request.author === "" ? {} : { author: request.author }),
    created_by: request.createdBy,
    ...(request.comment === "" ? {} : { comment: request.comment }),
    ...(isEmpty ? { empty_layer: true } : {})
  }
  const text = JSON.stringify({
    created,
    ...(request.author === "" ? {} : { author: request.author }),
    architecture: base?.architecture ?? "amd64",
    os: base?.os ?? "linux",
    ...(base?.variant == null ? {} : { variant: base.variant }),
    container: request.containerId,
    config,
    rootfs: {
      type: "layers",
      diff_ids: [...parent.layers.map((lower) => lower.diffId), ...(isEmpty ? [] : [diffId])]
    },
    history: [...(base?.history ?? []), history]
  })
  const { digest } = yield* attempt("write config", () => shelf.blobs.writeText(text))
  return yield* addImage(shelf, {
    configDigest: digest,
    layers: [
      ...parent.layers.map((lower) => ({ blob: lower.blob, mediaType: lower.mediaType })),
      ...(isEmpty ? [] : [{ blob: diffId, mediaType: "application/vnd.oci.image.layer.v1.tar" }])
    ],
    manifestDigest: undefined,
    references
  })
})
