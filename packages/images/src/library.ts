import type { JsonValue, Store } from "@sockerless/store"
import { Effect, Option, Schema } from "effect"
import type { Blobs } from "./blobs.ts"
import { attempt, type ImageFault, imageFault, noSuchImage } from "./faults.ts"
import { configOf, ImageConfigBlob } from "./image-config.ts"
import type { ImageRecord } from "./image-store.ts"
import type { Layers } from "./layers.ts"
import type { Leases } from "./leases.ts"
import { canonical, familiar, parseReference, type Reference } from "./reference.ts"

const IMAGES = "images"
const TAGS = "tags"
const ZERO_TIME = "0001-01-01T00:00:00Z"

/** A layer as stored: its blob, and the digest of its plain tar. */
export interface StoredLayer {
  readonly blob: string
  readonly blobBytes: number
  readonly mediaType: string
  readonly diffId: string
}

/** The durable form of an image; the config is read back from its blob. */
export interface StoredImage {
  readonly id: string
  readonly manifestDigest: string
  readonly layers: ReadonlyArray<StoredLayer>
  readonly sizeBytes: number
  readonly lastTagTime: string
}

const StoredImageSchema = Schema.Struct({
  id: Schema.String,
  manifestDigest: Schema.String,
  layers: Schema.Array(
    Schema.Struct({ blob: Schema.String, blobBytes: Schema.Number, mediaType: Schema.String, diffId: Schema.String })
  ),
  sizeBytes: Schema.Number,
  lastTagTime: Schema.String
})
const decodeStored = Schema.decodeUnknownOption(StoredImageSchema)
const decodeConfig = Schema.decodeUnknownEffect(Schema.fromJsonString(ImageConfigBlob))

/** Parses an image config blob; what is wrong with it is the caller's answer. */
export const parseConfig = (text: string): Effect.Effect<ImageConfigBlob, ImageFault> =>
  Effect.mapError(decodeConfig(text), (error) => imageFault("invalid", `invalid image config: ${error.message}`))

interface Held {
  readonly stored: StoredImage
  readonly blob: ImageConfigBlob
}

/**
 * Which images there are and what they are called: durable through the store, projected in memory. Content is in
 * `Blobs` and `Layers`; a record is written only when all its content is there, and goes before its content goes.
 */
export class Library {
  readonly #store: Store["Service"]
  readonly #images = new Map<string, Held>()
  /** Canonical reference to image id. */
  readonly #tags = new Map<string, string>()
  #records: ReadonlyArray<ImageRecord> | undefined

  constructor(store: Store["Service"]) {
    this.#store = store
  }

  load(blobs: Blobs): Effect.Effect<void, ImageFault> {
    return Effect.gen({ self: this }, function* () {
      for (const { key, value } of yield* this.#read(IMAGES)) {
        const stored = Option.getOrUndefined(decodeStored(value))
        if (stored === undefined) {
          return yield* Effect.fail(
            imageFault("failed", `state store: image record ${key} is not of this version's form`)
          )
        }
        const text = yield* attempt(`read config of ${key}`, () => blobs.text(stored.id))
        this.#images.set(stored.id, { stored, blob: yield* parseConfig(text) })
      }
      for (const { key, value } of yield* this.#read(TAGS)) if (typeof value === "string") this.#tags.set(key, value)
    })
  }

  get images(): ReadonlyArray<StoredImage> {
    return [...this.#images.values()].map((held) => held.stored)
  }

  stored(id: string): StoredImage | undefined {
    return this.#images.get(id)?.stored
  }

  /** Canonical references of an image. */
  referencesOf(id: string): ReadonlyArray<string> {
    return [...this.#tags].flatMap(([reference, owner]) => (owner === id ? [reference] : []))
  }

  /** Canonical references of a repository that end in a tag. */
  tagsOf({ domain, path }: Pick<Reference, "domain" | "path">): ReadonlyArray<string> {
    const prefix = `${domain}/${path}:`
    return [...this.#tags.keys()].filter((reference) => reference.startsWith(prefix))
  }

  owner(reference: string): string | undefined {
    return this.#tags.get(reference)
  }

  record(id: string): ImageRecord | undefined {
    const held = this.#images.get(id)
    return held === undefined ? undefined : this.#recordOf(held)
  }

  all(): ReadonlyArray<ImageRecord> {
    this.#records ??= [...this.#images.values()].map((held) => this.#recordOf(held))
    return this.#records
  }

  /** Makes an image and its new references durable, then visible. A reference that pointed elsewhere moves. */
  save(image: StoredImage, blob: ImageConfigBlob, references: ReadonlyArray<string>): Effect.Effect<void, ImageFault> {
    return this.#commit([
      {
        op: "put",
        collection: IMAGES,
        key: image.id,
        value: { ...image, layers: image.layers.map((layer) => ({ ...layer })) }
      },
      ...references.map((reference) => ({ op: "put" as const, collection: TAGS, key: reference, value: image.id }))
    ]).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          this.#images.set(image.id, { stored: image, blob })
          for (const reference of references) this.#tags.set(reference, image.id)
          this.#records = undefined
        })
      )
    )
  }

  /** Takes references away and, when asked, the image record with them. */
  erase(references: ReadonlyArray<string>, imageId: string | undefined): Effect.Effect<void, ImageFault> {
    return this.#commit([
      ...references.map((reference) => ({ op: "delete" as const, collection: TAGS, key: reference })),
      ...(imageId === undefined ? [] : [{ op: "delete" as const, collection: IMAGES, key: imageId }])
    ]).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          for (const reference of references) this.#tags.delete(reference)
          if (imageId !== undefined) this.#images.delete(imageId)
          this.#records = undefined
        })
      )
    )
  }

  /** Finds an image by reference, digest, id or unique id prefix. */
  find(ref: string): Effect.Effect<StoredImage, ImageFault> {
    return Effect.suspend(() => {
      const exact = this.#images.get(ref) ?? this.#images.get(`sha256:${ref}`)
      if (exact !== undefined) return Effect.succeed(exact.stored)
      const byReference = parseReference(ref).pipe(
        Effect.flatMap((reference) => {
          const held = this.#images.get(this.#tags.get(canonical(reference)) ?? "")
          return held === undefined ? Effect.fail(noSuchImage(ref)) : Effect.succeed(held.stored)
        })
      )
      return byReference.pipe(Effect.catch((fault) => this.#byPrefix(ref, fault)))
    })
  }

  #byPrefix(ref: string, fault: ImageFault): Effect.Effect<StoredImage, ImageFault> {
    const hex = ref.replace(/^sha256:/, "")
    if (!/^[0-9a-f]{1,64}$/.test(hex)) {
      return Effect.fail(fault.kind === "invalid" ? fault : noSuchImage(/[:@][^/]*$/.test(ref) ? ref : `${ref}:latest`))
    }
    const matches = [...this.#images.values()].filter((held) => held.stored.id.startsWith(`sha256:${hex}`))
    const [found] = matches
    if (matches.length === 1 && found !== undefined) return Effect.succeed(found.stored)
    return Effect.fail(noSuchImage(ref.startsWith("sha256:") ? ref : `${ref}:latest`))
  }

  #recordOf({ stored, blob }: Held): ImageRecord {
    const references = this.referencesOf(stored.id)
    return {
      id: stored.id,
      manifestDigest: stored.manifestDigest,
      repoTags: references.filter((reference) => !reference.includes("@")).map(familiar),
      repoDigests: references.filter((reference) => reference.includes("@")).map(familiar),
      config: configOf(blob),
      architecture: blob.architecture ?? "amd64",
      os: blob.os ?? "linux",
      variant: blob.variant ?? undefined,
      created: blob.created ?? ZERO_TIME,
      sizeBytes: stored.sizeBytes,
      diffIds: stored.layers.map((layer) => layer.diffId),
      author: blob.author ?? "",
      comment: blob.comment ?? blob.history?.at(-1)?.comment ?? "",
      lastTagTime: stored.lastTagTime,
      raw: blob
    }
  }

  #read(
    collection: string
  ): Effect.Effect<ReadonlyArray<{ readonly key: string; readonly value: JsonValue }>, ImageFault> {
    return Effect.mapError(this.#store.all(collection), (fault) => imageFault("failed", fault.message))
  }

  #commit(writes: Parameters<Store["Service"]["commit"]>[0]): Effect.Effect<void, ImageFault> {
    return Effect.mapError(this.#store.commit(writes), (fault) => imageFault("failed", fault.message))
  }
}

/** Everything the verbs below work with. */
export interface Shelf {
  readonly blobs: Blobs
  readonly layers: Layers
  readonly library: Library
  readonly leases: Leases
}
