import { Effect, Option, Schema } from "effect"
import { arch } from "node:os"
import { posix } from "node:path"
import type { Readable } from "node:stream"
import { addImage } from "./add-image.ts"
import { decompressed } from "./decompress.ts"
import { attempt, type ImageFault, imageFault } from "./faults.ts"
import type { Progress } from "./image-store.ts"
import type { Shelf } from "./library.ts"
import { canonical, familiar, parseReference } from "./reference.ts"
import { tarEntries } from "./tar-entries.ts"

/** Files this small may be manifests and are kept in mind; larger ones are content only. */
const TEXT_LIMIT = 4 * 1024 * 1024
/** An archive of 1,000 images has some 20,000 files; each costs a file of ours. */
const ENTRY_LIMIT = 100_000
const GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
const PLAIN = "application/vnd.oci.image.layer.v1.tar"
const ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

/** The archive's files: content went to the blob store under its digest, names are kept here. */
interface Archive {
  readonly digests: ReadonlyMap<string, string>
  readonly links: ReadonlyMap<string, string>
}

const normal = (name: string): string => posix.normalize(name).replace(/^(\.?\/)+/, "")

const readArchive = async (shelf: Shelf, input: Readable): Promise<Archive> => {
  const digests = new Map<string, string>()
  const links = new Map<string, string>()
  for await (const { entry, content } of tarEntries(await decompressed(input))) {
    if (digests.size + links.size >= ENTRY_LIMIT)
      throw imageFault("invalid", `invalid archive: more than ${ENTRY_LIMIT} entries`)
    const name = normal(entry.name)
    if (name.split("/").includes(".."))
      throw imageFault("invalid", `invalid archive: the name "${entry.name}" leaves it`)
    if (entry.type === "1") links.set(name, normal(entry.linkname))
    if (entry.type === "2") links.set(name, normal(posix.join(posix.dirname(name), entry.linkname)))
    if (entry.type === "0" || entry.type === "7") digests.set(name, (await shelf.blobs.write(content)).digest)
  }
  return { digests, links }
}

const digestOf = (archive: Archive, name: string): Effect.Effect<string, ImageFault> => {
  const wanted = normal(name)
  const digest = archive.digests.get(wanted) ?? archive.digests.get(archive.links.get(wanted) ?? "")
  return digest === undefined
    ? Effect.fail(imageFault("invalid", `invalid archive: "${name}" is named but not in it`))
    : Effect.succeed(digest)
}

const DockerManifest = Schema.Array(
  Schema.Struct({
    Config: Schema.String,
    RepoTags: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
    Layers: Schema.NullOr(Schema.Array(Schema.String))
  })
)
const Descriptor = Schema.Struct({
  mediaType: Schema.optionalKey(Schema.String),
  digest: Schema.String,
  platform: Schema.optionalKey(Schema.Struct({ os: Schema.String, architecture: Schema.String })),
  annotations: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.String)))
})
const OciIndex = Schema.Struct({ manifests: Schema.Array(Descriptor) })
const isForHost = ({ platform }: typeof Descriptor.Type): boolean =>
  platform?.os === "linux" && platform.architecture === (arch() === "x64" ? "amd64" : arch())
const OciManifest = Schema.Struct({ config: Descriptor, layers: Schema.Array(Descriptor) })

const decodeOciManifest = Schema.decodeUnknownOption(Schema.fromJsonString(OciManifest))

const parse = <A>(schema: Schema.Codec<A>, text: string, what: string): Effect.Effect<A, ImageFault> =>
  Effect.mapError(Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text), (error) =>
    imageFault("invalid", `invalid ${what}: ${error.message}`)
  )

const smallText = Effect.fnUntraced(function* (shelf: Shelf, digest: string, what: string) {
  const bytes = yield* attempt(`measure ${what}`, () => shelf.blobs.size(digest))
  if (bytes > TEXT_LIMIT) {
    return yield* Effect.fail(imageFault("invalid", `invalid ${what}: ${bytes} bytes, allowed are ${TEXT_LIMIT}`))
  }
  return yield* attempt(`read ${what}`, () => shelf.blobs.text(digest))
})

/** What a stored layer is, told by its first bytes. */
const layerType = (shelf: Shelf, digest: string) =>
  attempt("look at layer", async () => {
    const stream = shelf.blobs.read(digest)
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (chunk[0] === 0x1f && chunk[1] === 0x8b) return GZIP
      return chunk.subarray(0, 4).equals(ZSTD_MAGIC) ? ZSTD : PLAIN
    }
    return PLAIN
  })

const typedLayer = (shelf: Shelf, blob: string) =>
  Effect.map(layerType(shelf, blob), (mediaType) => ({ blob, mediaType }))

const references = (names: ReadonlyArray<string>) =>
  Effect.forEach(names, (name) => Effect.map(parseReference(name), canonical))

interface Loaded {
  readonly id: string
  readonly references: ReadonlyArray<string>
}

const fromDocker = Effect.fnUntraced(function* (shelf: Shelf, archive: Archive, text: string) {
  const loaded: Array<Loaded> = []
  for (const image of yield* parse(DockerManifest, text, "manifest.json")) {
    const blobs = yield* Effect.forEach(image.Layers ?? [], (name) => digestOf(archive, name))
    const layers = yield* Effect.forEach(blobs, (blob) => typedLayer(shelf, blob))
    const names = yield* references(image.RepoTags ?? [])
    const configDigest = yield* digestOf(archive, image.Config)
    const id = yield* addImage(shelf, { configDigest, layers, manifestDigest: undefined, references: names })
    loaded.push({ id, references: names })
  }
  return loaded
})

const nameOf = (annotations: Readonly<Record<string, string>> | null | undefined): ReadonlyArray<string> => {
  const name = annotations?.["io.containerd.image.name"] ?? annotations?.["org.opencontainers.image.ref.name"]
  return name === undefined ? [] : [name]
}

const fromOci = Effect.fnUntraced(function* (shelf: Shelf, archive: Archive, text: string) {
  const inArchive = (digest: string) =>
    Effect.flatMap(digestOf(archive, `blobs/${digest.replace(":", "/")}`), (found) =>
      found === digest
        ? Effect.succeed(found)
        : Effect.fail(
            imageFault("invalid", `invalid archive: blob verification failed for ${digest}: the content has ${found}`)
          )
    )
  const loaded: Array<Loaded> = []
  for (const entry of (yield* parse(OciIndex, text, "index.json")).manifests) {
    let manifestDigest = yield* inArchive(entry.digest)
    let manifestText = yield* smallText(shelf, manifestDigest, "manifest")
    const nested = Schema.decodeUnknownOption(Schema.fromJsonString(OciIndex))(manifestText)
    if (Option.isSome(nested)) {
      // Two readers must never see two images in one document (CVE-2021-41190).
      if (Option.isSome(decodeOciManifest(manifestText)))
        return yield* Effect.fail(imageFault("invalid", `invalid manifest ${manifestDigest}: it is an index as well`))
      const chosen = nested.value.manifests.find(isForHost) ?? nested.value.manifests[0]
      if (chosen === undefined) continue
      manifestDigest = yield* inArchive(chosen.digest)
      manifestText = yield* smallText(shelf, manifestDigest, "manifest")
    }
    const manifest = yield* parse(OciManifest, manifestText, "manifest")
    const layers = yield* Effect.forEach(manifest.layers, ({ digest, mediaType }) =>
      Effect.flatMap(inArchive(digest), (blob) =>
        mediaType === undefined ? typedLayer(shelf, blob) : Effect.succeed({ blob, mediaType })
      )
    )
    const names = yield* references(nameOf(entry.annotations))
    const configDigest = yield* inArchive(manifest.config.digest)
    const id = yield* addImage(shelf, { configDigest, layers, manifestDigest, references: names })
    loaded.push({ id, references: names })
  }
  return loaded
})

const message = ({ id, references: names }: Loaded): ReadonlyArray<Progress> =>
  names.length === 0
    ? [{ stream: `Loaded image ID: ${id}\n` }]
    : names.map((name) => ({ stream: `Loaded image: ${familiar(name)}\n` }))

/** `docker load`: everything is stored and known before the first message. */
export const loadArchive = Effect.fn("images.load")(function* (
  shelf: Shelf,
  input: Readable
): Effect.fn.Return<ReadonlyArray<Progress>, ImageFault> {
  const archive = yield* attempt("read the archive", () => readArchive(shelf, input))
  const index = archive.digests.get("index.json")
  // An archive that is both is read as the layout, which keeps the image's own manifest.
  const docker =
    archive.digests.has("oci-layout") && index !== undefined ? undefined : archive.digests.get("manifest.json")
  if (docker !== undefined) {
    return (yield* fromDocker(shelf, archive, yield* smallText(shelf, docker, "manifest.json"))).flatMap(message)
  }
  if (index !== undefined) {
    return (yield* fromOci(shelf, archive, yield* smallText(shelf, index, "index.json"))).flatMap(message)
  }
  return yield* Effect.fail(
    imageFault(
      "invalid",
      "invalid archive: does not contain a manifest.json (docker save) or an index.json (OCI layout)"
    )
  )
})
