import { createHash } from "node:crypto"
import { arch } from "node:os"
import { Option, Schema } from "effect"
import { imageFault } from "../faults.ts"
import type { Platform } from "../image-store.ts"
import { familiarName, type Reference } from "../reference.ts"
import { boundedText, MANIFEST_LIMIT, type RegistryClient } from "./client.ts"

const ACCEPT = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json"
].join(", ")

const Descriptor = Schema.Struct({
  mediaType: Schema.optionalKey(Schema.String),
  digest: Schema.String,
  size: Schema.Number
})
const Manifest = Schema.Struct({
  mediaType: Schema.optionalKey(Schema.String),
  config: Descriptor,
  layers: Schema.Array(Descriptor)
})
const Index = Schema.Struct({
  manifests: Schema.Array(
    Schema.Struct({
      digest: Schema.String,
      size: Schema.Number,
      platform: Schema.optionalKey(
        Schema.Struct({
          architecture: Schema.String,
          os: Schema.String,
          variant: Schema.optionalKey(Schema.String)
        })
      )
    })
  )
})
const decodeManifest = Schema.decodeUnknownOption(Schema.fromJsonString(Manifest))
const decodeSchemaOne = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ schemaVersion: Schema.Literal(1), fsLayers: Schema.Array(Schema.Unknown) }))
)
const decodeIndex = Schema.decodeUnknownOption(Schema.fromJsonString(Index))

/** A reference as the registry has it: what `rootOf` says, before a platform is picked. */
export interface RootManifest {
  readonly digest: string
  readonly mediaType: string
  readonly sizeBytes: number
  /** Of an index; undefined for the manifest of one image. */
  readonly platforms: ReadonlyArray<Platform> | undefined
}

export interface FetchedManifest {
  /** Digest the reference stands for: the index's where there is one. */
  readonly rootDigest: string
  readonly digest: string
  readonly text: string
  readonly manifest: typeof Manifest.Type
}

const isSchemaOne = (text: string): boolean => Option.isSome(decodeSchemaOne(text))

const hostPlatform = (): string => `linux/${arch() === "x64" ? "amd64" : arch()}`

const refusal = async (response: Response, reference: Reference, tag: string) => {
  const body = (await boundedText(response, MANIFEST_LIMIT)).slice(0, 2000)
  const name = familiarName(reference)
  if (response.status === 401 || response.status === 403 || (response.status === 404 && /NAME_UNKNOWN/.test(body))) {
    return imageFault(
      "not-found",
      `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`
    )
  }
  if (response.status === 404)
    return imageFault(
      "not-found",
      `manifest for ${name}${tag.startsWith("sha256:") ? "@" : ":"}${tag} not found: manifest unknown: manifest unknown`
    )
  if (response.status === 429)
    return imageFault("failed", "toomanyrequests: the registry asks to slow down; try again later")
  return imageFault("failed", `received unexpected HTTP status: ${response.status} ${response.statusText}`)
}

const get = async (client: RegistryClient, reference: Reference, tag: string) => {
  const response = await client.request(
    `/v2/${reference.path}/manifests/${tag}`,
    { headers: { Accept: ACCEPT } },
    `repository:${reference.path}:pull`
  )
  if (!response.ok) throw await refusal(response, reference, tag)
  const text = await boundedText(response, MANIFEST_LIMIT)
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`
  if (tag.startsWith("sha256:") && tag !== digest) {
    throw imageFault("failed", `manifest verification failed for digest ${tag}: the content has ${digest}`)
  }
  return { text, digest, mediaType: (response.headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "" }
}

/** The manifest or index that a reference names. */
export const fetchRoot = async (client: RegistryClient, reference: Reference): Promise<RootManifest> => {
  const { text, digest, mediaType } = await get(client, reference, reference.digest ?? reference.tag ?? "latest")
  const index = decodeIndex(text)
  return {
    digest,
    mediaType,
    sizeBytes: Buffer.byteLength(text),
    platforms: Option.isSome(index)
      ? index.value.manifests.flatMap(({ platform }) =>
          platform === undefined || platform.os === "unknown" ? [] : [platform]
        )
      : undefined
  }
}

/** `linux/arm64/v8` against an index entry. */
const pick = (index: typeof Index.Type, wanted: string) => {
  const [os, architecture, variant] = wanted.split("/")
  return index.manifests.find(
    ({ platform }) =>
      platform !== undefined &&
      platform.os === os &&
      (architecture === undefined || platform.architecture === architecture) &&
      (variant === undefined || (platform.variant ?? "") === variant)
  )
}

/** The manifest of a reference for a platform, digests checked. */
export const fetchManifest = async (
  client: RegistryClient,
  reference: Reference,
  platform: string | undefined
): Promise<FetchedManifest> => {
  const root = await get(client, reference, reference.digest ?? reference.tag ?? "latest")
  const index = decodeIndex(root.text)
  let found = root
  if (Option.isSome(index)) {
    // Two readers must never see two images in one document (CVE-2021-41190).
    if (Option.isSome(decodeManifest(root.text)))
      throw imageFault("invalid", `manifest ${root.digest} is an index as well`)
    const wanted = platform ?? hostPlatform()
    const entry = pick(index.value, wanted)
    if (entry === undefined) {
      throw imageFault("not-found", `no matching manifest for ${wanted} in the manifest list entries`)
    }
    found = await get(client, reference, entry.digest)
  }
  const manifest = decodeManifest(found.text)
  if (Option.isNone(manifest) && isSchemaOne(found.text))
    throw imageFault("invalid", "image manifest schema 1 is not supported: push the image again with a newer client")
  if (Option.isNone(manifest))
    throw imageFault("invalid", "the registry's manifest is not of a form this version knows")
  return { rootDigest: root.digest, digest: found.digest, text: found.text, manifest: manifest.value }
}
