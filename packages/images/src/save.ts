import { Effect } from "effect"
import { Readable } from "node:stream"
import { pack } from "tar-stream"
import type { Blobs } from "./blobs.ts"
import { attempt, type ImageFault } from "./faults.ts"
import type { Shelf, StoredImage } from "./library.ts"
import { canonical, familiar, parseReference } from "./reference.ts"

interface Chosen {
  readonly image: StoredImage
  readonly references: ReadonlyArray<string>
}

const blobName = (digest: string): string => `blobs/${digest.replace(":", "/")}`

/** Images by what was asked: a name saves that name, an id none, a repository without tag all its tags. */
const choose = Effect.fnUntraced(function* (shelf: Shelf, refs: ReadonlyArray<string>) {
  const chosen = new Map<string, Set<string>>()
  for (const ref of refs) {
    const image = yield* shelf.library.find(ref)
    const names = chosen.get(image.id) ?? new Set<string>()
    const reference = yield* Effect.option(parseReference(ref))
    if (reference._tag === "Some" && shelf.library.owner(canonical(reference.value)) === image.id) {
      names.add(canonical(reference.value))
    }
    chosen.set(image.id, names)
  }
  return [...chosen].flatMap(([id, names]): ReadonlyArray<Chosen> => {
    const image = shelf.library.stored(id)
    return image === undefined ? [] : [{ image, references: [...names].filter((name) => !name.includes("@")) }]
  })
})

const dockerManifest = (images: ReadonlyArray<Chosen>): string =>
  JSON.stringify(
    images.map(({ image, references }) => ({
      Config: blobName(image.id),
      RepoTags: references.length === 0 ? null : references.map(familiar),
      Layers: image.layers.map((layer) => blobName(layer.blob))
    }))
  )

const ociIndex = async (blobs: Blobs, images: ReadonlyArray<Chosen>): Promise<string> => {
  const manifests = []
  for (const { image, references } of images) {
    const descriptor = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: image.manifestDigest,
      size: await blobs.size(image.manifestDigest)
    }
    if (references.length === 0) manifests.push(descriptor)
    for (const reference of references) {
      manifests.push({
        ...descriptor,
        annotations: {
          "io.containerd.image.name": reference,
          "org.opencontainers.image.ref.name": reference.slice(reference.lastIndexOf(":") + 1)
        }
      })
    }
  }
  return JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests })
}

/** OCI layout and docker-archive in one tar, streamed; every blob once. */
export const saveImages = Effect.fn("images.save")(function* (
  shelf: Shelf,
  refs: ReadonlyArray<string>
): Effect.fn.Return<Readable, ImageFault> {
  const images = yield* choose(shelf, refs)
  const index = yield* attempt("describe the images", () => ociIndex(shelf.blobs, images))
  const digests = new Set(
    images.flatMap(({ image }) => [image.id, image.manifestDigest, ...image.layers.map((layer) => layer.blob)])
  )
  const tar = pack()
  const write = async (): Promise<void> => {
    for (const digest of digests) {
      const sink = tar.entry({
        name: blobName(digest),
        size: await shelf.blobs.size(digest),
        mode: 0o644,
        mtime: new Date(0)
      })
      for await (const chunk of shelf.blobs.read(digest) as AsyncIterable<Buffer>) {
        if (!sink.write(chunk)) await new Promise<void>((resolve) => sink.once("drain", () => resolve()))
      }
      sink.end(undefined)
    }
    tar.entry({ name: "oci-layout", mtime: new Date(0) }, JSON.stringify({ imageLayoutVersion: "1.0.0" }))
    tar.entry({ name: "index.json", mtime: new Date(0) }, index)
    tar.entry({ name: "manifest.json", mtime: new Date(0) }, dockerManifest(images))
    tar.finalize()
  }
  write().catch((error: Error) => tar.destroy(error))
  return Readable.from(tar as AsyncIterable<Buffer>, { objectMode: false })
})
