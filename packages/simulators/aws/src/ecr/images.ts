import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { storeManifest } from "./manifests.ts"
import { digestKey, type ManifestRecord } from "./records.ts"
import { type EcrShelf, findManifest, repositoryOf, repositoryUri } from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const number = Schema.optionalKey(Schema.Number)
const ImageIds = Schema.Array(Schema.Struct({ imageDigest: text, imageTag: text }))
type ImageId = (typeof ImageIds.Type)[number]

const find = (shelf: EcrShelf, repository: string, id: ImageId): ManifestRecord | undefined => {
  const found = findManifest(shelf, repository, id.imageDigest ?? id.imageTag ?? "")
  return found !== undefined && id.imageTag !== undefined && !found.tags.includes(id.imageTag) ? undefined : found
}

const failureOf = (imageId: ImageId) => ({
  imageId,
  failureCode: "ImageNotFound",
  failureReason: "Requested image not found"
})

const batchGetImage = (shelf: EcrShelf) =>
  operation("BatchGetImage", Schema.Struct({ repositoryName: Schema.String, imageIds: ImageIds }), (input) =>
    Effect.gen(function* () {
      const { name } = yield* repositoryOf(shelf, input.repositoryName)
      const images: Array<object> = []
      for (const id of input.imageIds) {
        const found = find(shelf, name, id)
        if (found === undefined) continue
        images.push({
          registryId: shelf.world.account,
          repositoryName: name,
          imageId: { imageDigest: found.digest, ...(id.imageTag === undefined ? {} : { imageTag: id.imageTag }) },
          imageManifest: yield* shelf.files.text(found.digest),
          imageManifestMediaType: found.mediaType
        })
      }
      return { images, failures: input.imageIds.filter((id) => find(shelf, name, id) === undefined).map(failureOf) }
    })
  )

const idsOf = (manifest: ManifestRecord): ReadonlyArray<ImageId> =>
  manifest.tags.length === 0
    ? [{ imageDigest: manifest.digest }]
    : manifest.tags.map((imageTag) => ({ imageDigest: manifest.digest, imageTag }))

const Paged = {
  repositoryName: Schema.String,
  imageIds: Schema.optionalKey(ImageIds),
  nextToken: text,
  maxResults: number,
  filter: Schema.optionalKey(Schema.Struct({ tagStatus: text }))
}

const isAsked = (manifest: ManifestRecord, status: string | undefined): boolean =>
  status === undefined || status === "ANY" || (status === "TAGGED") === manifest.tags.length > 0

const listImages = (shelf: EcrShelf) =>
  operation("ListImages", Schema.Struct(Paged), (input, call) =>
    Effect.gen(function* () {
      const { name } = yield* repositoryOf(shelf, input.repositoryName)
      const ids = shelf.manifests
        .all(call.view.asOf)
        .filter((manifest) => manifest.repository === name && isAsked(manifest, input.filter?.tagStatus))
        .flatMap(idsOf)
      const keyOf = (id: ImageId): string => `${id.imageDigest ?? ""} ${id.imageTag ?? ""}`
      const page = pageOf(ids, keyOf, { limit: input.maxResults ?? 100, token: input.nextToken }, call.view)
      if (page === undefined) return yield* awsFault("InvalidParameterException", "Invalid next token")
      return { imageIds: page.items, ...(page.next === undefined ? {} : { nextToken: page.next }) }
    })
  )

const describeImages = (shelf: EcrShelf) =>
  operation("DescribeImages", Schema.Struct(Paged), (input, call) =>
    Effect.gen(function* () {
      const { name } = yield* repositoryOf(shelf, input.repositoryName)
      const missing = input.imageIds?.find((id) => find(shelf, name, id) === undefined)
      if (missing !== undefined)
        return yield* awsFault(
          "ImageNotFoundException",
          `The image with imageId {imageDigest:'${missing.imageDigest ?? "null"}', imageTag:'${missing.imageTag ?? "null"}'} does not exist within the repository with name '${name}' in the registry with id '${shelf.world.account}'`
        )
      const wanted =
        input.imageIds === undefined
          ? shelf.manifests.all(call.view.asOf).filter((manifest) => manifest.repository === name)
          : [...new Set(input.imageIds.flatMap((id) => find(shelf, name, id) ?? []))]
      const page = pageOf(
        wanted.filter((manifest) => isAsked(manifest, input.filter?.tagStatus)),
        (manifest) => manifest.digest,
        { limit: input.maxResults ?? 100, token: input.nextToken },
        call.view
      )
      if (page === undefined) return yield* awsFault("InvalidParameterException", "Invalid next token")
      return {
        imageDetails: page.items.map((manifest) => ({
          registryId: shelf.world.account,
          repositoryName: name,
          imageDigest: manifest.digest,
          ...(manifest.tags.length === 0 ? {} : { imageTags: manifest.tags }),
          imageSizeInBytes: manifest.size,
          imagePushedAt: manifest.pushedAt / 1000,
          imageManifestMediaType: manifest.mediaType,
          ...(manifest.artifactType === undefined ? {} : { artifactMediaType: manifest.artifactType })
        })),
        ...(page.next === undefined ? {} : { nextToken: page.next })
      }
    })
  )

const putImage = (shelf: EcrShelf) =>
  operation(
    "PutImage",
    Schema.Struct({
      repositoryName: Schema.String,
      imageManifest: Schema.String,
      imageManifestMediaType: text,
      imageTag: text,
      imageDigest: text
    }),
    (input) =>
      Effect.gen(function* () {
        const { name } = yield* repositoryOf(shelf, input.repositoryName)
        const manifest = yield* storeManifest(shelf, {
          repository: name,
          text: Buffer.from(input.imageManifest),
          mediaType: input.imageManifestMediaType,
          tag: input.imageTag
        })
        return {
          image: {
            registryId: shelf.world.account,
            repositoryName: name,
            imageId: {
              imageDigest: manifest.digest,
              ...(input.imageTag === undefined ? {} : { imageTag: input.imageTag })
            },
            imageManifest: input.imageManifest,
            imageManifestMediaType: manifest.mediaType
          }
        }
      })
  )

const batchDeleteImage = (shelf: EcrShelf) =>
  operation("BatchDeleteImage", Schema.Struct({ repositoryName: Schema.String, imageIds: ImageIds }), (input) =>
    Effect.map(repositoryOf(shelf, input.repositoryName), ({ name }) => {
      const found = input.imageIds.map((id) => ({ id, manifest: find(shelf, name, id) }))
      for (const { id, manifest } of found) {
        if (manifest === undefined) continue
        const tags = manifest.tags.filter((tag) => id.imageTag !== undefined && tag !== id.imageTag)
        // Taking the last tag away, or naming the digest, removes the image.
        if (tags.length === 0) shelf.manifests.delete(digestKey(name, manifest.digest))
        else shelf.manifests.put(digestKey(name, manifest.digest), { ...manifest, tags })
      }
      return {
        imageIds: found.flatMap(({ id, manifest }) =>
          manifest === undefined
            ? []
            : [{ imageDigest: manifest.digest, ...(id.imageTag === undefined ? {} : { imageTag: id.imageTag }) }]
        ),
        failures: found.flatMap(({ id, manifest }) => (manifest === undefined ? [failureOf(id)] : []))
      }
    })
  )

const layerOperations = (shelf: EcrShelf) => [
  operation(
    "BatchCheckLayerAvailability",
    Schema.Struct({ repositoryName: Schema.String, layerDigests: Schema.Array(Schema.String) }),
    (input) =>
      Effect.map(repositoryOf(shelf, input.repositoryName), ({ name }) => ({
        layers: input.layerDigests.map((digest) => {
          const layer = shelf.layers.get(digestKey(name, digest))
          return {
            layerDigest: digest,
            layerAvailability: layer === undefined ? "UNAVAILABLE" : "AVAILABLE",
            ...(layer === undefined ? {} : { layerSize: layer.size })
          }
        }),
        failures: []
      }))
  ),
  operation(
    "GetDownloadUrlForLayer",
    Schema.Struct({ repositoryName: Schema.String, layerDigest: Schema.String }),
    (input) =>
      Effect.gen(function* () {
        const { name } = yield* repositoryOf(shelf, input.repositoryName)
        if (!shelf.layers.has(digestKey(name, input.layerDigest)))
          return yield* awsFault(
            "LayersNotFoundException",
            `The layer with digest '${input.layerDigest}' does not exist in the repository with name '${name}' in registry with id '${shelf.world.account}'`
          )
        return {
          downloadUrl: `http://${repositoryUri(shelf.world, `v2/${name}`)}/blobs/${input.layerDigest}`,
          layerDigest: input.layerDigest
        }
      })
  )
]

/** Images and layers of a repository. */
export const imageOperations = (shelf: EcrShelf) => [
  batchGetImage(shelf),
  listImages(shelf),
  describeImages(shelf),
  putImage(shelf),
  batchDeleteImage(shelf),
  ...layerOperations(shelf)
]
