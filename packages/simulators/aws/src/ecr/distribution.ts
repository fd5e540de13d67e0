import {
  type ConnectionDropped,
  headerOf,
  jsonReply,
  type View,
  wholeBody,
  withHeaders,
  type WireReply,
  type WireRequest
} from "@sockerless/simulator-kit"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { isDigest } from "./blob-files.ts"
import { storeManifest } from "./manifests.ts"
import { digestKey } from "./records.ts"
import { type EcrShelf, findManifest, isAuthorized, noRepository } from "./shelf.ts"

const MANIFEST_LIMIT = 4 * 1024 * 1024
const common = { "Docker-Distribution-API-Version": "registry/2.0" }

interface DistributionCall {
  readonly request: WireRequest
  readonly repository: string
  /** What stands after the noun: a tag, a digest, an upload's id. */
  readonly rest: string
  readonly view: View
}
type Handler = (shelf: EcrShelf, call: DistributionCall) => Effect.Effect<WireReply, AwsFault>

const bare = (status: number, headers: Readonly<Record<string, string>> = {}): WireReply => ({
  status,
  headers: status === 204 ? headers : { "Content-Length": "0", ...headers },
  body: ""
})

const unknownBlob = (digest: string): AwsFault =>
  awsFault("BLOB_UNKNOWN", `blob ${digest} is not known to the repository`, { status: 404 })

const getManifest: Handler = (shelf, { request, repository, rest }) =>
  Effect.gen(function* () {
    const manifest = findManifest(shelf, repository, rest)
    if (manifest === undefined) return yield* awsFault("MANIFEST_UNKNOWN", "Requested image not found", { status: 404 })
    const text = yield* shelf.files.text(manifest.digest)
    return {
      status: 200,
      headers: {
        "Content-Type": manifest.mediaType,
        "Content-Length": String(Buffer.byteLength(text)),
        "Docker-Content-Digest": manifest.digest
      },
      body: request.method === "HEAD" ? "" : text
    }
  })

const putManifest: Handler = (shelf, { request, repository, rest }) =>
  Effect.gen(function* () {
    const text = yield* wholeBody(request.body, MANIFEST_LIMIT).pipe(
      Effect.mapError(() => awsFault("MANIFEST_INVALID", "the manifest is too large"))
    )
    const manifest = yield* storeManifest(shelf, {
      repository,
      text,
      mediaType: headerOf(request, "content-type"),
      tag: isDigest(rest) ? undefined : rest
    }).pipe(Effect.mapError((fault) => awsFault("MANIFEST_INVALID", `${fault.code}: ${fault.text}`)))
    return bare(201, {
      Location: `/v2/${repository}/manifests/${manifest.digest}`,
      "Docker-Content-Digest": manifest.digest
    })
  })

const getBlob: Handler = (shelf, { request, repository, rest }) =>
  Effect.gen(function* () {
    const layer = shelf.layers.get(digestKey(repository, rest))
    if (layer === undefined) return yield* unknownBlob(rest)
    const start = Number(/^bytes=(\d+)-/.exec(headerOf(request, "range") ?? "")?.[1] ?? "0")
    const headers = {
      "Content-Type": "application/octet-stream",
      "Content-Length": String(layer.size - start),
      "Docker-Content-Digest": layer.digest,
      ...(start === 0 ? {} : { "Content-Range": `bytes ${start}-${layer.size - 1}/${layer.size}` })
    }
    const status = start === 0 ? 200 : 206
    if (request.method === "HEAD" || layer.size === start) return { status, headers, body: "" }
    return { status, headers, body: shelf.files.read(rest, { start, end: layer.size - 1 }) }
  })

const created = (repository: string, digest: string): WireReply =>
  bare(201, { Location: `/v2/${repository}/blobs/${digest}`, "Docker-Content-Digest": digest })

const accepted = (repository: string, upload: string, received: number): WireReply =>
  bare(202, {
    Location: `/v2/${repository}/blobs/uploads/${upload}`,
    "Docker-Upload-UUID": upload,
    Range: `0-${Math.max(0, received - 1)}`
  })

/** Receives a body into an upload and ends it when a digest is named. */
const receive = (shelf: EcrShelf, { request, repository }: DistributionCall, upload: string) =>
  Effect.gen(function* () {
    if (!(yield* shelf.files.append(upload, request.body)))
      return yield* awsFault("BLOB_UPLOAD_INVALID", "the body broke off")
    const digest = request.query.get("digest")
    if (digest === null) return accepted(repository, upload, (yield* shelf.files.received(upload)) ?? 0)
    const size = yield* shelf.files.finish(upload, digest)
    if (size === undefined) {
      yield* shelf.files.abandon(upload)
      return yield* awsFault("DIGEST_INVALID", "provided digest did not match uploaded content")
    }
    shelf.layers.put(digestKey(repository, digest), { repository, digest, size })
    return created(repository, digest)
  })

const beginUpload: Handler = (shelf, call) =>
  Effect.gen(function* () {
    const { request, repository } = call
    const mounted = request.query.get("mount")
    const source = shelf.layers.get(digestKey(request.query.get("from") ?? "", mounted ?? ""))
    if (source !== undefined) {
      shelf.layers.put(digestKey(repository, source.digest), { ...source, repository })
      return created(repository, source.digest)
    }
    const upload = randomUUID()
    yield* shelf.files.begin(upload)
    return request.query.has("digest") ? yield* receive(shelf, call, upload) : accepted(repository, upload, 0)
  })

const continueUpload: Handler = (shelf, call) =>
  Effect.gen(function* () {
    const received = yield* shelf.files.received(call.rest)
    if (received === undefined)
      return yield* awsFault("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", { status: 404 })
    const { method } = call.request
    if (method === "GET") return bare(204, accepted(call.repository, call.rest, received).headers)
    if (method === "DELETE") {
      yield* shelf.files.abandon(call.rest)
      return bare(204)
    }
    const asked = /^(\d+)-/.exec(headerOf(call.request, "content-range") ?? "")?.[1]
    if (asked !== undefined && Number(asked) !== received)
      return yield* awsFault("RANGE_INVALID", "the range does not follow what was received", { status: 416 })
    return yield* receive(shelf, call, call.rest)
  })

const listTags: Handler = (shelf, { repository }) =>
  Effect.sync(() =>
    jsonReply({
      name: repository,
      tags: shelf.manifests
        .all()
        .filter((manifest) => manifest.repository === repository)
        .flatMap((manifest) => manifest.tags)
        .toSorted()
    })
  )

const routes: ReadonlyArray<readonly [name: string, methods: string, path: RegExp, handler: Handler]> = [
  ["GetManifest", "GET HEAD", /^\/v2\/(.+)\/manifests\/([^/]+)$/, getManifest],
  ["PutManifest", "PUT", /^\/v2\/(.+)\/manifests\/([^/]+)$/, putManifest],
  ["BeginUpload", "POST", /^\/v2\/(.+)\/blobs\/uploads\/?()$/, beginUpload],
  ["ContinueUpload", "GET PATCH PUT DELETE", /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/, continueUpload],
  ["GetBlob", "GET HEAD", /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})$/, getBlob],
  ["ListTags", "GET", /^\/v2\/(.+)\/tags\/list()$/, listTags]
]

const refused = (fault: AwsFault): WireReply =>
  jsonReply({ errors: [{ code: fault.code, message: fault.text }] }, fault.status, common)

const handle = (shelf: EcrShelf, request: WireRequest): Effect.Effect<WireReply, AwsFault | ConnectionDropped> => {
  for (const [operation, methods, path, handler] of routes) {
    const found = methods.split(" ").includes(request.method) ? path.exec(decodeURIComponent(request.path)) : null
    if (found === null) continue
    const [, repository = "", rest = ""] = found
    if (!shelf.repositories.has(repository))
      return Effect.fail(awsFault("NAME_UNKNOWN", noRepository(shelf.world, repository).text, { status: 404 }))
    return shelf.world.simulation.conduct(
      { service: "ecr-distribution", operation, resource: repository, client: "AWS", input: { repository, rest } },
      {
        apply: (view) => handler(shelf, { request, repository, rest, view }),
        refuse: (refusal) =>
          refusal.kind === "throttle"
            ? awsFault("TOOMANYREQUESTS", "Rate exceeded", { status: 429 })
            : awsFault(refusal.code, refusal.message ?? "an injected failure", { status: refusal.status }),
        codeOf: (fault) => fault.code
      }
    )
  }
  return Effect.fail(awsFault("NOT_FOUND", "the registry has no such route", { status: 404 }))
}

/** Answers the distribution protocol under `/v2/`. */
export const answerDistribution = (
  shelf: EcrShelf,
  request: WireRequest
): Effect.Effect<WireReply, ConnectionDropped> => {
  if (!isAuthorized(shelf.world, headerOf(request, "authorization") ?? ""))
    return Effect.succeed(
      jsonReply({ errors: [{ code: "UNAUTHORIZED", message: "Not Authorized" }] }, 401, {
        ...common,
        "WWW-Authenticate": `Basic realm="http://${shelf.world.endpoint()}/",service="ecr.amazonaws.com"`
      })
    )
  if (/^\/v2\/?$/.test(request.path)) return Effect.succeed(jsonReply({}, 200, common))
  return handle(shelf, request).pipe(
    Effect.catchTag("AwsFault", (fault) => Effect.succeed(refused(fault))),
    Effect.map((reply) => withHeaders(reply, common))
  )
}
