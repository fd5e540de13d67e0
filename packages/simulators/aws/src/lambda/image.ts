import { Effect } from "effect"
import { findManifest } from "../ecr/shelf.ts"
import type { AwsFault } from "../wire/aws-fault.ts"
import { invalid, type LambdaShelf } from "./shelf.ts"

export interface ResolvedImage {
  readonly resolvedUri: string
  readonly digest: string
}

/** Finds the image a function is made of: a plain one, in the account's own registry. */
export const resolveImage = (shelf: LambdaShelf, uri: string): Effect.Effect<ResolvedImage, AwsFault> =>
  Effect.gen(function* () {
    const [, host = "", rest = ""] = /^([^/]+)\/(.+)$/.exec(uri) ?? []
    const isOwn =
      host === shelf.world.endpoint() ||
      host === shelf.world.gateway() ||
      /^\d+\.dkr\.ecr\.[^.]+\.amazonaws\.com$/.test(host)
    if (!isOwn) return yield* invalid(`Source image ${uri} is not valid. Provide a valid source image.`)
    const [, repository = "", reference = "latest"] = /^([^:@]+)(?:[:@](.+))?$/.exec(rest) ?? []
    const manifest = findManifest(shelf.ecr, repository, reference)
    if (manifest === undefined)
      return yield* invalid(`Source image ${uri} does not exist. Provide a valid source image.`)
    if (/index|manifest\.list/.test(manifest.mediaType))
      return yield* invalid(
        `The image manifest, config or layer media type for the source image ${uri} is not supported.`
      )
    return { resolvedUri: `${host}/${repository}@${manifest.digest}`, digest: manifest.digest }
  })
