import { Context, type Effect, type Stream } from "effect"
import type { Readable } from "node:stream"
import type { ImageFault } from "./faults.ts"
import type { ImageConfig, ImageConfigBlob } from "./image-config.ts"

/** An image this machine holds. */
export interface ImageRecord {
  /** Digest of the config blob, `sha256:…`. */
  readonly id: string
  readonly manifestDigest: string
  /** Familiar form: `busybox:latest`. */
  readonly repoTags: ReadonlyArray<string>
  readonly repoDigests: ReadonlyArray<string>
  readonly config: ImageConfig
  readonly architecture: string
  readonly os: string
  readonly variant: string | undefined
  /** RFC 3339. */
  readonly created: string
  /** Bytes of all layers, unpacked. */
  readonly sizeBytes: number
  readonly diffIds: ReadonlyArray<string>
  readonly author: string
  readonly comment: string
  /** RFC 3339, or Docker's "never". */
  readonly lastTagTime: string
  readonly raw: ImageConfigBlob
}

/** Docker's progress message. */
export interface Progress {
  readonly status?: string
  readonly id?: string
  readonly progress?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly stream?: string
  readonly aux?: { readonly [key: string]: string | number }
  readonly error?: string
  readonly errorDetail?: { readonly message: string }
}

export interface RegistryAuth {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly serverAddress?: string | undefined
  readonly identityToken?: string | undefined
  readonly registryToken?: string | undefined
}

/** A row of `docker history`, in Docker's own keys. */
export interface HistoryRow {
  readonly Id: string
  readonly Created: number
  readonly CreatedBy: string
  readonly Tags: ReadonlyArray<string> | null
  readonly Size: number
  readonly Comment: string
}

export interface ImageUser {
  readonly containerId: string
  readonly running: boolean
  readonly name: string
}

export interface CommitRequest {
  /** Id of the image that the layer goes on. */
  readonly parent: string
  readonly containerId: string
  readonly repository: string
  readonly tag: string
  readonly comment: string
  readonly author: string
  readonly createdBy: string
  readonly changes: ReadonlyArray<string>
  /** The new image's `config`, before `changes`; only what an image config knows is kept. */
  readonly config: Readonly<Record<string, unknown>>
}

export interface Platform {
  readonly architecture: string
  readonly os: string
  readonly variant?: string
}

export interface Distribution {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platforms: ReadonlyArray<Platform>
}

export type Removed = { readonly untagged: string } | { readonly deleted: string }

/** References, content and layers of the images on this machine. */
export class ImageStore extends Context.Service<
  ImageStore,
  {
    /** `busybox`, `busybox:latest`, `name@sha256:…`, `sha256:…` or a unique id prefix. */
    readonly resolve: (ref: string) => Effect.Effect<ImageRecord, ImageFault>
    readonly list: () => Effect.Effect<ReadonlyArray<ImageRecord>, ImageFault>
    /** Folders to stack for an image, lowest first; all in one parent folder and short. Unpacks what is missing. */
    readonly layerFolders: (id: string) => Effect.Effect<ReadonlyArray<string>, ImageFault>
    readonly history: (ref: string) => Effect.Effect<ReadonlyArray<HistoryRow>, ImageFault>
    /** Fails before the first message where nothing was sent yet; later failures are the last message. */
    readonly pull: (
      ref: string,
      options: { readonly platform: string | undefined; readonly auth: RegistryAuth | undefined }
    ) => Effect.Effect<Stream.Stream<Progress>, ImageFault>
    readonly push: (
      ref: string,
      options: { readonly tag: string | undefined; readonly auth: RegistryAuth | undefined }
    ) => Effect.Effect<Stream.Stream<Progress>, ImageFault>
    /**
     * Copies an image to `reference` in a registry without giving it that name here; sends only what is missing there.
     * Returns the digest of its manifest.
     */
    readonly copy: (
      imageId: string,
      reference: string,
      auth: RegistryAuth | undefined
    ) => Effect.Effect<string, ImageFault>
    /** A docker-archive or an OCI layout, plain or compressed. */
    readonly load: (
      input: Readable,
      options: { readonly quiet: boolean }
    ) => Effect.Effect<Stream.Stream<Progress>, ImageFault>
    /** A root file system as a tar becomes an image of one layer. */
    readonly importTar: (
      input: Readable,
      options: {
        readonly repository: string
        readonly tag: string
        readonly message: string
        readonly changes: ReadonlyArray<string>
        readonly platform: string | undefined
      }
    ) => Effect.Effect<Stream.Stream<Progress>, ImageFault>
    /** The plain tar of a layer on top of an image becomes an image; returns its id. */
    readonly commit: (layer: Readable, request: CommitRequest) => Effect.Effect<string, ImageFault>
    /** What a registry says of a reference, nothing fetched but manifests. */
    readonly distribution: (ref: string, auth: RegistryAuth | undefined) => Effect.Effect<Distribution, ImageFault>
    /** OCI layout and docker-archive in one tar. */
    readonly save: (refs: ReadonlyArray<string>) => Effect.Effect<Readable, ImageFault>
    readonly tag: (source: string, repository: string, tag: string) => Effect.Effect<void, ImageFault>
    readonly remove: (
      ref: string,
      options: {
        readonly force: boolean
        readonly noprune: boolean
        readonly inUse: (imageId: string) => ReadonlyArray<ImageUser>
      }
    ) => Effect.Effect<ReadonlyArray<Removed>, ImageFault>
    readonly login: (
      auth: RegistryAuth
    ) => Effect.Effect<{ readonly status: string; readonly identityToken: string }, ImageFault>
  }
>()("@sockerless/images/ImageStore") {}
