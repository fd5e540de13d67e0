import { createHash } from "node:crypto"
import { type RawEntry, rawTar } from "./raw-tar.ts"

/** Hex of the SHA-256. */
export const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex")

/** An honest docker-archive, and what a test lies about in it. */
export interface DockerLies {
  readonly config?: string
  readonly diffIds?: ReadonlyArray<string>
  readonly manifest?: string
  /** Names of the layers in the manifest. */
  readonly layers?: ReadonlyArray<string>
  readonly tag?: string
  readonly more?: ReadonlyArray<RawEntry>
}

const configOf = (diffIds: ReadonlyArray<string>): string =>
  JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs: { type: "layers", diff_ids: diffIds } })

const diffId = (layer: Buffer): string => `sha256:${sha256(layer)}`

/** A docker-archive of these layers. */
export const dockerArchive = (layers: ReadonlyArray<Buffer>, lies: DockerLies = {}): Buffer => {
  const names = layers.map((_, at) => `layer${at}.tar`)
  const image = { Config: "config.json", RepoTags: [lies.tag ?? "hostile:image"], Layers: lies.layers ?? names }
  return rawTar([
    { name: "config.json", content: lies.config ?? configOf(lies.diffIds ?? layers.map(diffId)) },
    ...layers.map((content, at) => ({ name: names[at] ?? "", content })),
    ...(lies.more ?? []),
    { name: "manifest.json", content: lies.manifest ?? JSON.stringify([image]) }
  ])
}

/** What a test lies about in an OCI layout. */
export interface LayoutLies {
  /** The digest under which the layer is told and stored. */
  readonly layerHex?: string
  /** The digest that the manifest tells for the layer. */
  readonly layerDigest?: string
  readonly manifest?: string
  readonly manifestHex?: string
  readonly index?: string
}

/** An OCI layout of one layer. */
export const ociLayout = (layer: Buffer, lies: LayoutLies = {}): Buffer => {
  const config = configOf([diffId(layer)])
  const layerHex = lies.layerHex ?? sha256(layer)
  const manifest =
    lies.manifest ??
    JSON.stringify({
      schemaVersion: 2,
      config: { digest: `sha256:${sha256(config)}`, size: config.length },
      layers: [{ digest: lies.layerDigest ?? `sha256:${layerHex}`, size: layer.length }]
    })
  const manifestHex = lies.manifestHex ?? sha256(manifest)
  const index = { schemaVersion: 2, manifests: [{ digest: `sha256:${manifestHex}`, size: manifest.length }] }
  return rawTar([
    { name: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: `blobs/sha256/${sha256(config)}`, content: config },
    { name: `blobs/sha256/${layerHex}`, content: layer },
    { name: `blobs/sha256/${manifestHex}`, content: manifest },
    { name: "index.json", content: lies.index ?? JSON.stringify(index) }
  ])
}
