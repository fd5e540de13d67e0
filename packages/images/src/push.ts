import { Effect, Queue, Stream, type Cause } from "effect"
import { Readable } from "node:stream"
import { attempt, type ImageFault, imageFault } from "./faults.ts"
import type { Progress, RegistryAuth } from "./image-store.ts"
import type { Shelf, StoredImage } from "./library.ts"
import { failureMessage, layerStatus } from "./progress.ts"
import { canonical, familiarName, parseReference, type Reference } from "./reference.ts"
import { endpointsOf, RegistryClient, type RegistryOptions } from "./registry/client.ts"

type Messages = Queue.Enqueue<Progress, Cause.Done>

const shortId = (digest: string): string => digest.replace(/^sha256:/, "").slice(0, 12)

const refused = async (response: Response, what: string) => {
  await response.body?.cancel()
  return response.status === 401 || response.status === 403
    ? imageFault("unauthenticated", `${what}: denied: requested access to the resource is denied`)
    : imageFault("failed", `${what}: the registry answered ${response.status}`)
}

const scopeOf = (reference: Reference): string => `repository:${reference.path}:pull,push`

const uploadBlob = async (
  shelf: Shelf,
  client: RegistryClient,
  reference: Reference,
  digest: string
): Promise<"there" | "sent"> => {
  const scope = scopeOf(reference)
  const head = await client.request(`/v2/${reference.path}/blobs/${digest}`, { method: "HEAD" }, scope)
  if (head.ok) return "there"
  const opened = await client.request(`/v2/${reference.path}/blobs/uploads/`, { method: "POST", body: "" }, scope)
  if (opened.status !== 202) throw await refused(opened, `push ${shortId(digest)}`)
  const location = new URL(opened.headers.get("location") ?? "", opened.url)
  location.searchParams.set("digest", digest)
  const size = await shelf.blobs.size(digest)
  const sent = await client.request(
    location.href,
    {
      method: "PUT",
      headers: { "Content-Type": "application/octet-stream", "Content-Length": String(size) },
      body: Readable.toWeb(shelf.blobs.read(digest)) as ReadableStream<Uint8Array>,
      duplex: "half"
    },
    scope
  )
  if (sent.status !== 201) throw await refused(sent, `push ${shortId(digest)}`)
  return "sent"
}

const send = Effect.fnUntraced(function* (
  shelf: Shelf,
  client: RegistryClient,
  reference: Reference,
  image: StoredImage,
  messages: Messages
) {
  for (const layer of image.layers) {
    const id = shortId(layer.blob)
    yield* Queue.offer(messages, layerStatus("Preparing", id))
    const outcome = yield* attempt(`push layer ${id}`, () => uploadBlob(shelf, client, reference, layer.blob))
    yield* Queue.offer(messages, layerStatus(outcome === "there" ? "Layer already exists" : "Pushed", id))
  }
  yield* attempt("push config", () => uploadBlob(shelf, client, reference, image.id))
  const text = yield* attempt("read manifest", () => shelf.blobs.text(image.manifestDigest))
  const media: unknown = JSON.parse(text)
  const mediaType =
    typeof media === "object" && media !== null && "mediaType" in media && typeof media.mediaType === "string"
      ? media.mediaType
      : "application/vnd.oci.image.manifest.v1+json"
  const tag = reference.tag ?? "latest"
  yield* attempt("push manifest", async () => {
    const response = await client.request(
      `/v2/${reference.path}/manifests/${tag}`,
      { method: "PUT", headers: { "Content-Type": mediaType }, body: text },
      scopeOf(reference)
    )
    if (!response.ok) throw await refused(response, `push manifest ${tag}`)
    await response.body?.cancel()
  })
  const size = Buffer.byteLength(text)
  yield* Queue.offer(messages, { status: `${tag}: digest: ${image.manifestDigest} size: ${size}` })
  yield* Queue.offer(messages, { aux: { Tag: tag, Digest: image.manifestDigest, Size: size } })
})

const pushesTo = (reference: Reference): Progress => ({
  status: `The push refers to repository [${reference.domain}/${reference.path}]`
})

/** Sends an image to a reference it does not have here; returns the digest of its manifest. */
export const copyImage = Effect.fn("images.copy")(function* (
  shelf: Shelf,
  registries: RegistryOptions,
  imageId: string,
  ref: string,
  auth: RegistryAuth | undefined
): Effect.fn.Return<string, ImageFault> {
  const reference = yield* parseReference(ref)
  const image = yield* shelf.library.find(imageId)
  const [endpoint] = endpointsOf(reference.domain, { insecure: registries.insecure, mirrors: [] })
  const client = new RegistryClient(endpoint ?? "", auth, new AbortController().signal)
  const progress = yield* Queue.unbounded<Progress, Cause.Done>()
  yield* shelf.leases.hold(send(shelf, client, reference, image, progress))
  return image.manifestDigest
})

/** `docker push` of one tag, or of every tag of the repository when none is named. */
export const pushImage = Effect.fn("images.push")(function* (
  shelf: Shelf,
  registries: RegistryOptions,
  ref: string,
  options: { readonly tag: string | undefined; readonly auth: RegistryAuth | undefined }
): Effect.fn.Return<Stream.Stream<Progress>, ImageFault> {
  const parsed = yield* parseReference(options.tag === undefined ? ref : `${ref}:${options.tag}`)
  const isBare = parsed.tag === undefined && parsed.digest === undefined
  const names = isBare ? shelf.library.tagsOf(parsed) : [canonical(parsed)]
  const chosen = names.flatMap((name) => {
    const image = shelf.library.stored(shelf.library.owner(name) ?? "")
    return image === undefined ? [] : [{ image, tag: name.slice(name.lastIndexOf(":") + 1) }]
  })
  if (chosen.length === 0) {
    // dockerd says so in the stream, after what it would have pushed to.
    return Stream.make(
      pushesTo(parsed),
      failureMessage(`An image does not exist locally with the tag: ${familiarName(parsed)}`)
    )
  }
  const [endpoint] = endpointsOf(parsed.domain, { insecure: registries.insecure, mirrors: [] })
  const client = new RegistryClient(endpoint ?? "", options.auth, new AbortController().signal)
  return Stream.callback<Progress>((messages) =>
    Effect.gen(function* () {
      yield* Queue.offer(messages, pushesTo(parsed))
      for (const { image, tag } of chosen) {
        yield* shelf.leases.hold(send(shelf, client, { ...parsed, tag }, image, messages))
      }
    }).pipe(
      Effect.catch((fault) => Queue.offer(messages, failureMessage(fault.message))),
      Effect.andThen(Queue.end(messages))
    )
  )
})
