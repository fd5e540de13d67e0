import { headerOf, type View, type WireReply, type WireRequest } from "@sockerless/simulator-kit"
import type { Effect } from "effect"
import type { AwsFault } from "../wire/aws-fault.ts"
import type { Signed } from "../wire/signature.ts"
import type { Shelf } from "./shelf.ts"

/** A request to S3 with its bucket and key told apart. */
export interface S3Call {
  readonly request: WireRequest
  readonly signed: Signed
  readonly bucket: string
  readonly key: string
  readonly view: View
}

export type S3Operation = (shelf: Shelf, call: S3Call) => Effect.Effect<WireReply, AwsFault>

/** Path style `/bucket/key`, or `bucket.s3.…` and `bucket.localhost` as the host. */
export const addressOf = (request: WireRequest): { readonly bucket: string; readonly key: string } => {
  const host = (headerOf(request, "host") ?? "").replace(/:\d+$/, "")
  const virtual = /^(.+)\.(?:s3[.-][a-z0-9.-]*|localhost)$/.exec(host)?.[1]
  const path = request.path.replace(/^\//, "")
  if (virtual !== undefined) return { bucket: virtual, key: decodeURIComponent(path) }
  const slash = path.indexOf("/")
  return slash === -1
    ? { bucket: decodeURIComponent(path), key: "" }
    : { bucket: decodeURIComponent(path.slice(0, slash)), key: decodeURIComponent(path.slice(slash + 1)) }
}
