import type { Fault } from "@sockerless/faults"
import type { ImageRecord, ImageStore, Progress, RegistryAuth } from "@sockerless/images"
import { Context, type Effect, type Stream } from "effect"
import type { Readable } from "node:stream"
import type { Filters } from "../filters.ts"

/** Docker's verbs on images: the image store plus events, filters and what containers hold on to. */
export class Images extends Context.Service<
  Images,
  {
    readonly inspect: (ref: string) => Effect.Effect<ImageRecord, Fault>
    readonly list: (options: {
      readonly all: boolean
      readonly filters: Filters
    }) => Effect.Effect<ReadonlyArray<ImageRecord & { readonly containers: number }>, Fault>
    readonly history: ImageStore["Service"]["history"]
    /** Fails before the first message when nothing was sent yet; later failures are the last message of the stream. */
    readonly pull: (
      ref: string,
      options: { readonly platform: string | undefined; readonly auth: RegistryAuth | undefined }
    ) => Effect.Effect<Stream.Stream<Progress>, Fault>
    readonly push: (
      ref: string,
      options: { readonly tag: string | undefined; readonly auth: RegistryAuth | undefined }
    ) => Effect.Effect<Stream.Stream<Progress>, Fault>
    readonly load: (
      input: Readable,
      options: { readonly quiet: boolean }
    ) => Effect.Effect<Stream.Stream<Progress>, Fault>
    readonly importTar: (
      input: Readable,
      options: {
        readonly repository: string
        readonly tag: string
        readonly message: string
        readonly changes: ReadonlyArray<string>
        readonly platform: string | undefined
      }
    ) => Effect.Effect<Stream.Stream<Progress>, Fault>
    readonly distribution: ImageStore["Service"]["distribution"]
    readonly save: (refs: ReadonlyArray<string>) => Effect.Effect<Readable, Fault>
    readonly tag: (source: string, repository: string, tag: string) => Effect.Effect<void, Fault>
    readonly remove: (
      ref: string,
      options: { readonly force: boolean; readonly noprune: boolean }
    ) => Effect.Effect<ReadonlyArray<{ readonly untagged: string } | { readonly deleted: string }>, Fault>
    readonly prune: (filters: Filters) => Effect.Effect<
      {
        readonly deleted: ReadonlyArray<{ readonly untagged: string } | { readonly deleted: string }>
        readonly reclaimedBytes: number
      },
      Fault
    >
    readonly login: (
      auth: RegistryAuth
    ) => Effect.Effect<{ readonly status: string; readonly identityToken: string }, Fault>
  }
>()("@sockerless/engine/Images") {}
