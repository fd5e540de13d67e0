import { Effect, Option } from "effect"
import { Readable } from "node:stream"
import type { Blobs } from "./blobs.ts"
import { attempt, type ImageFault } from "./faults.ts"
import type { Shelf, StoredImage } from "./library.ts"
import { canonical, familiar, parseReference } from "./reference.ts"
import { BLOCK_BYTES, padding, tarEnd, writeHeader } from "./tar-header.ts"

interface Chosen {
  readonly image: StoredImage
  readonly references: ReadonlyArray<string>
}

const blobName = (digest: string): string => `blobs/${digest.replace(":", "/")}`

/** Images by what was asked: a name saves that name, an id none, a repository without tag all its tags. */
const chosenImages = Effect.fnUntraced(function* (shelf: Shelf, refs: ReadonlyArray<string>) {
  const chosen = new Map<string, Set<string>>()
  const choose = (id: string, name?: string) => {
    const names = chosen.get(id) ?? new Set<string>()
    if (name !== undefined) names.add(name)
    chosen.set(id, names)
  }
  for (const ref of refs) {
    const reference = Option.getOrUndefined(yield* Effect.option(parseReference(ref)))
    const isBare = reference !== undefined && reference.tag === undefined && reference.digest === undefined
    const all = isBare ? shelf.library.tagsOf(reference) : []
    for (const name of all) choose(shelf.library.owner(name) ?? "", name)
    if (all.length > 0) continue
    const image = yield* shelf.library.find(ref)
    const isName = reference !== undefined && shelf.library.owner(canonical(reference)) === image.id
    choose(image.id, isName ? canonical(reference) : undefined)
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

const textEntry = (name: string, text: string): Buffer => {
  const content = Buffer.from(text)
  return Buffer.concat([
    writeHeader({ name, size: content.length, mode: 0o644, type: "0" }),
    content,
    padding(content.length)
  ])
}

/** OCI layout and docker-archive in one tar, streamed; every blob once. */
export const saveImages = Effect.fn("images.save")(function* (
  shelf: Shelf,
  refs: ReadonlyArray<string>
): Effect.fn.Return<Readable, ImageFault> {
  const images = yield* chosenImages(shelf, refs)
  const index = yield* attempt("describe the images", () => ociIndex(shelf.blobs, images))
  const digests = new Set(
    images.flatMap(({ image }) => [image.id, image.manifestDigest, ...image.layers.map((layer) => layer.blob)])
  )
  async function* archive(): AsyncGenerator<Buffer> {
    for (const digest of digests) {
      const size = await shelf.blobs.size(digest)
      yield writeHeader({ name: blobName(digest), size, mode: 0o644, type: "0" })
      yield* shelf.blobs.read(digest)
      if (size % BLOCK_BYTES > 0) yield padding(size)
    }
    yield textEntry("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" }))
    yield textEntry("index.json", index)
    yield textEntry("manifest.json", dockerManifest(images))
    yield tarEnd
  }
  return Readable.from(archive(), { objectMode: false })
})
