import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http"
import { sha256 } from "./image-archives.ts"

/** A registry on loopback that answers as a test says. */
export interface LyingRegistry {
  /** `127.0.0.1:port` */
  readonly address: string
  /** All requests so far: method, path, and what they brought for authorization. */
  readonly seen: ReadonlyArray<{ readonly line: string; readonly authorization: string | undefined }>
  readonly stop: () => Promise<void>
}

/** Starts a server with this answer to everything. */
export const lyingRegistry = async (answer: RequestListener): Promise<LyingRegistry> => {
  const seen: Array<LyingRegistry["seen"][number]> = []
  const note = (request: IncomingMessage) =>
    seen.push({ line: `${request.method} ${request.url}`, authorization: request.headers.authorization })
  const server: Server = createServer((request, response) => {
    note(request)
    answer(request, response)
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve(typeof address === "object" && address !== null ? address.port : 0)
    })
  })
  return {
    address: `127.0.0.1:${port}`,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json"

/** Documents of an honest image of one layer, for a registry to lie about. */
export interface RemoteImage {
  readonly layer: Buffer
  readonly config: string
  readonly manifest: string
  readonly layerDigest: string
  readonly configDigest: string
  readonly manifestDigest: string
}

/** An image as a registry tells it; `tell` changes what its manifest says. */
export const remoteImage = (
  layer: Buffer,
  tell: (manifest: Record<string, unknown>) => Record<string, unknown> = (manifest) => manifest
): RemoteImage => {
  const layerDigest = `sha256:${sha256(layer)}`
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [layerDigest] }
  })
  const configDigest = `sha256:${sha256(config)}`
  const manifest = JSON.stringify(
    tell({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: configDigest, size: config.length },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: layerDigest, size: layer.length }]
    })
  )
  return { layer, config, manifest, layerDigest, configDigest, manifestDigest: `sha256:${sha256(manifest)}` }
}

/** The honest answers for an image; a test overrides the one it lies about. */
export const honest =
  (image: RemoteImage, lies: RequestListener = () => undefined): RequestListener =>
  (request, response) => {
    lies(request, response)
    if (response.headersSent || response.destroyed) return
    const url = request.url ?? ""
    if (url.includes("/manifests/")) response.writeHead(200, { "Content-Type": MANIFEST }).end(image.manifest)
    else if (url.endsWith(image.configDigest)) response.end(image.config)
    else if (url.endsWith(image.layerDigest)) response.end(image.layer)
    else response.writeHead(404).end()
  }
