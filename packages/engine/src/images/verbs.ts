import type { ImageRecord } from "@sockerless/images"
import { Effect, Option, Stream } from "effect"
import { isRunning } from "../containers/entry.ts"
import { type EngineContext, publish } from "../context.ts"
import { booleanFilter, checkFilterKeys, lacksLabels, matchesLabels, untilMillis } from "../filter-rules.ts"
import type { Filters } from "../filters.ts"
import { globFilter } from "../name-pattern.ts"
import type { Images } from "./images.ts"

const listKeys = new Set(["dangling", "label", "before", "since", "reference", "until"])
const pruneKeys = new Set(["dangling", "label", "label!", "until"])

/** Containers that hold on to an image, as the image store asks for them. */
const usersOf = (context: EngineContext) => (imageId: string) =>
  context.book.all
    .filter((entry) => entry.snapshot.spec.image.id === imageId)
    .map((entry) => ({
      containerId: entry.snapshot.spec.id,
      running: isRunning(entry),
      name: entry.snapshot.spec.name
    }))

const matchesReference = (image: ImageRecord, matches: (text: string) => boolean): boolean =>
  [...image.repoTags, ...image.repoDigests].some((reference) => {
    const repository = reference.replace(/@.*$/, "").replace(/:[^:/]+$/, "")
    return matches(reference) || matches(repository) || matches(repository.split("/").at(-1) ?? "")
  })

const createdMillis = (image: ImageRecord): number => Date.parse(image.created)

const list = (context: EngineContext, filters: Filters) =>
  Effect.gen(function* () {
    yield* checkFilterKeys(filters, listKeys)
    const dangling = yield* booleanFilter(filters, "dangling")
    const edge = (key: "before" | "since") =>
      Effect.map(
        Effect.forEach(filters.get(key) ?? [], (ref) => context.images.resolve(ref)),
        ([image]) => (image === undefined ? undefined : createdMillis(image))
      )
    const before = yield* edge("before")
    const since = yield* edge("since")
    const [until] = filters.get("until") ?? []
    const untilEdge = until === undefined ? Number.POSITIVE_INFINITY : yield* untilMillis(until)
    const matchesGlob = yield* globFilter(filters, "reference")
    const users = usersOf(context)
    const images = yield* context.images.list()
    return images
      .filter(
        (image) =>
          (dangling === undefined || dangling === (image.repoTags.length === 0)) &&
          matchesLabels(image.config.labels ?? {}, filters.get("label") ?? []) &&
          (!filters.has("reference") || matchesReference(image, matchesGlob)) &&
          (before === undefined || createdMillis(image) < before) &&
          (since === undefined || createdMillis(image) > since) &&
          createdMillis(image) < untilEdge
      )
      .toSorted((a, b) => createdMillis(b) - createdMillis(a))
      .map((image) => Object.assign({}, image, { containers: users(image.id).length }))
  })

const prune = (context: EngineContext, filters: Filters) =>
  Effect.gen(function* () {
    yield* checkFilterKeys(filters, pruneKeys)
    const onlyDangling = (yield* booleanFilter(filters, "dangling")) ?? true
    const [until] = filters.get("until") ?? []
    const before = until === undefined ? Number.POSITIVE_INFINITY : yield* untilMillis(until)
    const users = usersOf(context)
    const deleted: Array<{ readonly untagged: string } | { readonly deleted: string }> = []
    let reclaimedBytes = 0
    for (const image of yield* context.images.list()) {
      const wanted =
        users(image.id).length === 0 &&
        (!onlyDangling || image.repoTags.length === 0) &&
        createdMillis(image) < before &&
        matchesLabels(image.config.labels ?? {}, filters.get("label") ?? []) &&
        lacksLabels(image.config.labels ?? {}, filters.get("label!") ?? [])
      if (!wanted) continue
      deleted.push(...(yield* context.images.remove(image.id, { force: true, noprune: false, inUse: users })))
      reclaimedBytes += image.sizeBytes
    }
    yield* publish(context, "image", "prune", "", { reclaimed: String(reclaimedBytes) })
    return { deleted, reclaimedBytes }
  })

/** The verbs of `docker image`. */
export const makeImages = (context: EngineContext): Images["Service"] => {
  const store = context.images
  const event = (action: string, id: string, name: string) => publish(context, "image", action, id, { name })
  /** Runs once the stream came to its end without an error message. */
  const after = <A extends { readonly error?: string | undefined }, E>(
    stream: Stream.Stream<A, E>,
    done: Effect.Effect<void>
  ): Stream.Stream<A, E> => {
    let failed = false
    return stream.pipe(
      Stream.tap((message) => Effect.sync(() => void (failed ||= message.error !== undefined))),
      Stream.concat(Stream.fromEffectDrain(Effect.suspend(() => (failed ? Effect.void : done))))
    )
  }
  return {
    inspect: (ref) => store.resolve(ref),
    list: ({ filters }) => list(context, filters),
    history: store.history,
    pull: (ref, options) => Effect.map(store.pull(ref, options), (stream) => after(stream, event("pull", ref, ref))),
    push: (ref, options) => Effect.map(store.push(ref, options), (stream) => after(stream, event("push", ref, ref))),
    load: (input, options) => Effect.map(store.load(input, options), (stream) => after(stream, event("load", "", ""))),
    importTar: (input, options) =>
      Effect.map(store.importTar(input, options), (stream) => after(stream, event("import", "", ""))),
    distribution: store.distribution,
    save: (refs) =>
      Effect.gen(function* () {
        const tar = yield* store.save(refs)
        for (const ref of refs) {
          // A repository without a tag names all its tags, and may have no `latest`.
          const image = Option.getOrUndefined(yield* Effect.option(store.resolve(ref)))
          yield* event("save", image?.id ?? ref, ref)
        }
        return tar
      }),
    tag: (source, repository, tag) =>
      Effect.gen(function* () {
        yield* store.tag(source, repository, tag)
        yield* event("tag", (yield* store.resolve(source)).id, `${repository}:${tag === "" ? "latest" : tag}`)
      }),
    remove: (ref, options) =>
      Effect.gen(function* () {
        const image: ImageRecord = yield* store.resolve(ref)
        const removed = yield* store.remove(ref, { ...options, inUse: usersOf(context) })
        for (const item of removed) {
          if ("untagged" in item) yield* event("untag", image.id, image.id)
          else if (item.deleted === image.id) yield* event("delete", image.id, image.id)
        }
        return removed
      }),
    prune: (filters) => prune(context, filters),
    login: (auth) => store.login(auth)
  }
}
