import { Effect } from "effect"
import { killpoint } from "@sockerless/killpoints"
import { attempt, type ImageFault, imageFault } from "./faults.ts"
import type { ImageUser, Removed } from "./image-store.ts"
import type { Shelf, StoredImage } from "./library.ts"
import { canonical, familiar, parseReference } from "./reference.ts"

export interface RemoveOptions {
  readonly force: boolean
  readonly noprune: boolean
  readonly inUse: (imageId: string) => ReadonlyArray<ImageUser>
}

const shortId = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12)

/** Removes content that no record names any more: after a removal, and what a crash left behind. */
export const sweepContent = Effect.fn("images.sweep")(function* (
  shelf: Omit<Shelf, "leases">
): Effect.fn.Return<ReadonlyArray<string>, ImageFault> {
  const { blobs, layers, library } = shelf
  const keptBlobs = new Set(
    library.images.flatMap((image) => [image.id, image.manifestDigest, ...image.layers.map((layer) => layer.blob)])
  )
  const keptLayers = new Set(library.images.flatMap((image) => image.layers.map((layer) => layer.diffId)))
  return yield* attempt("remove unused content", async () => {
    const removed = (await layers.all()).filter((diffId) => !keptLayers.has(diffId))
    for (const diffId of removed) await layers.remove(diffId)
    for (const digest of await blobs.all()) if (!keptBlobs.has(digest)) await blobs.remove(digest)
    return removed
  })
})

const usedContent = (shelf: Shelf) => ({
  layers: new Set(shelf.library.images.flatMap((other) => other.layers.map((layer) => layer.diffId))),
  blobs: new Set(
    shelf.library.images.flatMap((other) => [
      other.id,
      other.manifestDigest,
      ...other.layers.map((layer) => layer.blob)
    ])
  )
})

const removeContent = Effect.fnUntraced(function* (shelf: Shelf, image: StoredImage) {
  const { layers: kept } = usedContent(shelf)
  yield* shelf.leases.removing(
    attempt("remove the image's content", async () => {
      // Asked again here: a load may have recorded an image with the same layers since.
      const used = usedContent(shelf)
      for (const { diffId } of image.layers) if (!used.layers.has(diffId)) await shelf.layers.remove(diffId)
      for (const digest of [image.id, image.manifestDigest, ...image.layers.map((layer) => layer.blob)]) {
        if (!used.blobs.has(digest)) await shelf.blobs.remove(digest)
      }
    })
  )
  return image.layers.filter((layer) => !kept.has(layer.diffId)).map((layer): Removed => ({ deleted: layer.diffId }))
})

const deleteImage = Effect.fnUntraced(function* (shelf: Shelf, image: StoredImage) {
  const references = shelf.library.referencesOf(image.id)
  killpoint("images.remove.before-record")
  yield* shelf.library.erase(references, image.id)
  killpoint("images.remove.after-record")
  const content = yield* removeContent(shelf, image)
  killpoint("images.remove.after-content")
  return [
    ...references.map((reference): Removed => ({ untagged: familiar(reference) })),
    { deleted: image.id },
    ...content.toReversed()
  ]
})

const conflict = (text: string) => Effect.fail(imageFault("conflict", text))

const byId = Effect.fnUntraced(function* (shelf: Shelf, image: StoredImage, options: RemoveOptions) {
  const short = shortId(image.id)
  const users = options.inUse(image.id)
  const running = users.find((user) => user.running)
  if (running !== undefined) {
    return yield* conflict(
      `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container ${running.containerId.slice(0, 12)}`
    )
  }
  const repositories = new Set(
    shelf.library.referencesOf(image.id).map((reference) => reference.replace(/@.*$/, "").replace(/:[^:/]+$/, ""))
  )
  if (repositories.size > 1 && !options.force) {
    return yield* conflict(
      `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`
    )
  }
  const [stopped] = users
  if (stopped !== undefined && !options.force) {
    return yield* conflict(
      `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container ${stopped.containerId.slice(0, 12)}`
    )
  }
  if (stopped === undefined) return yield* deleteImage(shelf, image)
  // A container's root stands on the layers: forcing takes the names only, as dockerd does.
  const references = shelf.library.referencesOf(image.id)
  yield* shelf.library.erase(references, undefined)
  return references.map((reference): Removed => ({ untagged: familiar(reference) }))
})

const byReference = Effect.fnUntraced(function* (
  shelf: Shelf,
  image: StoredImage,
  reference: string,
  options: RemoveOptions
) {
  const tags = shelf.library.referencesOf(image.id).filter((other) => !other.includes("@"))
  const isLast = tags.filter((tag) => tag !== reference).length === 0
  const users = options.inUse(image.id)
  const [user] = users
  if (isLast && user !== undefined && !options.force) {
    return yield* conflict(
      `conflict: unable to remove repository reference "${familiar(reference)}" (must force) - container ${user.containerId.slice(0, 12)} is using its referenced image ${shortId(image.id)}`
    )
  }
  if (isLast && user === undefined) return yield* deleteImage(shelf, image)
  const repository = reference.replace(/@.*$/, "").replace(/:[^:/]+$/, "")
  const siblings = tags.some((tag) => tag !== reference && tag.startsWith(`${repository}:`))
  const digests = siblings
    ? []
    : shelf.library.referencesOf(image.id).filter((other) => other.startsWith(`${repository}@`))
  const gone = [reference, ...digests]
  yield* shelf.library.erase(gone, undefined)
  return gone.map((name): Removed => ({ untagged: familiar(name) }))
})

/** `docker rmi`: a name goes first; the image goes with its last name when no container uses it. */
export const removeImage = Effect.fn("images.remove")(function* (
  shelf: Shelf,
  ref: string,
  options: RemoveOptions
): Effect.fn.Return<ReadonlyArray<Removed>, ImageFault> {
  const image = yield* shelf.library.find(ref)
  const parsed = yield* Effect.option(parseReference(ref))
  const reference = parsed._tag === "Some" ? canonical(parsed.value) : undefined
  return reference !== undefined && shelf.library.owner(reference) === image.id
    ? yield* byReference(shelf, image, reference, options)
    : yield* byId(shelf, image, options)
})
