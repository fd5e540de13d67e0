import { arch } from "node:os"
import type { Readable } from "node:stream"
import { Effect } from "effect"
import { addImage } from "./add-image.ts"
import { applyChanges } from "./config-changes.ts"
import { decompressed } from "./decompress.ts"
import { attempt, type ImageFault } from "./faults.ts"
import type { Shelf } from "./library.ts"
import { canonical, parseReference } from "./reference.ts"

export interface ImportRequest {
  readonly repository: string
  readonly tag: string
  readonly message: string
  readonly changes: ReadonlyArray<string>
  readonly platform: string | undefined
}

/** Stores a tar, plain or compressed, as a plain one, so that its digest is the layer's diff id. */
export const storePlain = (shelf: Shelf, input: Readable) =>
  attempt("read the tar", async () => (await shelf.blobs.write(await decompressed(input))).digest)

/** `docker import`: a root file system becomes an image of one layer; returns its id. */
export const importTar = Effect.fn("images.import")(function* (
  shelf: Shelf,
  input: Readable,
  request: ImportRequest
): Effect.fn.Return<string, ImageFault> {
  const config = yield* applyChanges({}, request.changes)
  const references =
    request.repository === ""
      ? []
      : [
          canonical(
            yield* parseReference(request.tag === "" ? request.repository : `${request.repository}:${request.tag}`)
          )
        ]
  const diffId = yield* storePlain(shelf, input)
  const [os = "linux", architecture = arch() === "x64" ? "amd64" : arch()] = request.platform?.split("/") ?? []
  const created = new Date().toISOString()
  const comment = request.message === "" ? "Imported from -" : request.message
  const text = JSON.stringify({
    created,
    architecture,
    os,
    config,
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created, comment }]
  })
  const { digest } = yield* attempt("write config", () => shelf.blobs.writeText(text))
  return yield* addImage(shelf, {
    configDigest: digest,
    layers: [{ blob: diffId, mediaType: "application/vnd.oci.image.layer.v1.tar" }],
    manifestDigest: undefined,
    references
  })
})
