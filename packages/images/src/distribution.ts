import { Effect, Option, Schema } from "effect"
import { attempt, type ImageFault, imageFault } from "./faults.ts"
import type { Distribution, Platform, RegistryAuth } from "./image-store.ts"
import { parseReference, type Reference } from "./reference.ts"
import { blobBytes } from "./registry/blobs.ts"
import { boundedText, endpointsOf, MANIFEST_LIMIT, RegistryClient, type RegistryOptions } from "./registry/client.ts"
import { fetchManifest, fetchRoot } from "./registry/manifests.ts"

const PlatformOfConfig = Schema.fromJsonString(
  Schema.Struct({
    architecture: Schema.String,
    os: Schema.String,
    variant: Schema.optionalKey(Schema.String)
  })
)
const decodePlatform = Schema.decodeUnknownOption(PlatformOfConfig)

/** The platform of a single image stands in its config. */
const platformOf = async (client: RegistryClient, reference: Reference): Promise<ReadonlyArray<Platform>> => {
  const { manifest } = await fetchManifest(client, reference, undefined)
  const text = await boundedText(blobBytes(client, reference, manifest.config.digest), MANIFEST_LIMIT)
  return Option.match(decodePlatform(text), { onNone: () => [], onSome: (platform) => [platform] })
}

/** `GET /distribution/{name}/json`: descriptor and platforms of a reference, from the registry itself. */
export const distributionOf = Effect.fn("images.distribution")(function* (
  registries: RegistryOptions,
  ref: string,
  auth: RegistryAuth | undefined
): Effect.fn.Return<Distribution, ImageFault> {
  const reference = yield* parseReference(ref)
  const endpoint = endpointsOf(reference.domain, { ...registries, mirrors: [] })[0]
  if (endpoint === undefined) {
    return yield* Effect.fail(imageFault("failed", `no endpoint for registry ${reference.domain}`))
  }
  return yield* attempt(`ask ${reference.domain} for ${ref}`, async (signal) => {
    const client = new RegistryClient(endpoint, auth, signal)
    const root = await fetchRoot(client, reference)
    return {
      mediaType: root.mediaType,
      digest: root.digest,
      size: root.sizeBytes,
      platforms: root.platforms ?? (await platformOf(client, reference))
    }
  })
})
