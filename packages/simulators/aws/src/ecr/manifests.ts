import { Effect, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { digestKey, type ManifestRecord } from "./records.ts"
import { type EcrShelf, findManifest } from "./shelf.ts"

const Descriptor = Schema.Struct({ digest: Schema.String, size: Schema.Number })
const Manifest = Schema.Struct({
  mediaType: Schema.optionalKey(Schema.String),
  artifactType: Schema.optionalKey(Schema.String),
  config: Schema.optionalKey(
    Schema.Struct({ digest: Schema.String, size: Schema.Number, mediaType: Schema.optionalKey(Schema.String) })
  ),
  layers: Schema.optionalKey(Schema.Array(Descriptor)),
  manifests: Schema.optionalKey(Schema.Array(Descriptor))
})
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Manifest))

export interface NewManifest {
  readonly repository: string
  readonly text: Buffer
  readonly mediaType: string | undefined
  readonly tag: string | undefined
}

const retag = (shelf: EcrShelf, asked: NewManifest, digest: string): Effect.Effect<void, AwsFault> =>
  Effect.gen(function* () {
    if (asked.tag === undefined) return
    const holder = findManifest(shelf, asked.repository, asked.tag)
    if (holder === undefined || holder.digest === digest) return
    if (shelf.repositories.get(asked.repository)?.isImmutable === true)
      return yield* awsFault(
        "ImageTagAlreadyExistsException",
        `The image tag '${asked.tag}' already exists in the '${asked.repository}' repository and cannot be overwritten because the repository is immutable.`
      )
    const tags = holder.tags.filter((tag) => tag !== asked.tag)
    shelf.manifests.put(digestKey(asked.repository, holder.digest), { ...holder, tags })
  })

/** Takes a manifest in when all that it names is there, and moves its tag. */
export const storeManifest = (shelf: EcrShelf, asked: NewManifest): Effect.Effect<ManifestRecord, AwsFault> =>
  Effect.gen(function* () {
    const manifest = decode(asked.text.toString("utf8"))
    if (Option.isNone(manifest)) return yield* awsFault("InvalidParameterException", "the manifest is not valid")
    const { config, layers = [], manifests = [], mediaType, artifactType } = manifest.value
    const blobs = [...(config === undefined ? [] : [config]), ...layers]
    const missing = blobs.find((blob) => !shelf.layers.has(digestKey(asked.repository, blob.digest)))
    if (missing !== undefined)
      return yield* awsFault(
        "LayersNotFoundException",
        `The layer with digest '${missing.digest}' does not exist in the repository with name '${asked.repository}'`
      )
    const absent = manifests.find((one) => !shelf.manifests.has(digestKey(asked.repository, one.digest)))
    if (absent !== undefined)
      return yield* awsFault("ReferencedImagesNotFoundException", `the image ${absent.digest} does not exist`)
    const digest = `sha256:${createHash("sha256").update(asked.text).digest("hex")}`
    yield* shelf.files.put(asked.text)
    yield* retag(shelf, asked, digest)
    const known = shelf.manifests.get(digestKey(asked.repository, digest))
    const kind = artifactType ?? config?.mediaType
    return shelf.manifests.put(digestKey(asked.repository, digest), {
      repository: asked.repository,
      digest,
      mediaType: asked.mediaType ?? mediaType ?? "application/vnd.docker.distribution.manifest.v2+json",
      ...(kind === undefined ? {} : { artifactType: kind }),
      size: blobs.reduce((sum, blob) => sum + blob.size, 0),
      pushedAt: known?.pushedAt ?? shelf.world.simulation.clock.now(),
      tags: [...new Set([...(known?.tags ?? []), ...(asked.tag === undefined ? [] : [asked.tag])])]
    })
  })
