import { assert } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { gzipSync, zstdCompressSync } from "node:zlib"
import type { ImageStore, Progress } from "../src/index.ts"
import { digestOf, madeTar } from "./made-tar.ts"
import { asRoot, configOf, dockerArchive, load, opened } from "./opened.ts"

const unused = { force: false, noprune: false, inUse: () => [] }

const layerOf = (name: string, content: string) => madeTar([{ name, content }])

const save = (images: ImageStore["Service"], ...refs: ReadonlyArray<string>) =>
  Effect.flatMap(images.save(refs), (tar) => Effect.promise(() => buffer(tar)))

const contentOf = (root: string): ReadonlyArray<string> =>
  ["blobs/sha256", "layers"].flatMap((part) => readdirSync(join(root, part))).filter((name) => name !== "l")

asRoot("a docker-archive is loaded plain, gzip or zstd, and named as it says", () =>
  Effect.gen(function* () {
    const layers = yield* Effect.promise(() => Promise.all([layerOf("a", "1"), layerOf("b", "2")]))
    const archive = yield* Effect.promise(() => dockerArchive(layers, ["one:1", "localhost:5000/two:2"]))
    for (const compress of [(bytes: Buffer) => bytes, gzipSync, zstdCompressSync]) {
      const { images } = yield* opened()
      const said: ReadonlyArray<Progress> = yield* load(images, compress(archive))
      assert.deepStrictEqual(said, [
        { stream: "Loaded image: one:1\n" },
        { stream: "Loaded image: localhost:5000/two:2\n" }
      ])
      const image = yield* images.resolve("one:1")
      assert.strictEqual(image.id, digestOf(configOf(layers)))
      assert.deepStrictEqual(image.repoTags.toSorted(), ["localhost:5000/two:2", "one:1"])
      assert.deepStrictEqual(image.diffIds, layers.map(digestOf))
      assert.deepStrictEqual(image.config, { cmd: ["sh"], env: ["A=1"] })
      assert.strictEqual(
        image.sizeBytes,
        layers.reduce((sum, layer) => sum + layer.length, 0)
      )
    }
  })
)

asRoot("what is saved is loaded elsewhere and saved again byte by byte", () =>
  Effect.gen(function* () {
    const layers = yield* Effect.promise(() => Promise.all([layerOf("a", "1"), layerOf("b", "2".repeat(100_000))]))
    const first = yield* opened()
    const archive = yield* Effect.promise(() => dockerArchive(layers, ["round:trip", "other:name"]))
    yield* load(first.images, archive)
    const saved = yield* save(first.images, "round:trip", "other:name")
    const second = yield* opened()
    yield* load(second.images, saved)
    assert.isTrue(saved.equals(yield* save(second.images, "round:trip", "other:name")))
    const [one, other] = [yield* first.images.resolve("round:trip"), yield* second.images.resolve("round:trip")]
    assert.deepStrictEqual({ ...other, lastTagTime: "" }, { ...one, lastTagTime: "" })
    const byId = yield* save(second.images, one.id)
    const third = yield* opened()
    const said: ReadonlyArray<Progress> = yield* load(third.images, byId)
    assert.deepStrictEqual(said, [{ stream: `Loaded image ID: ${one.id}\n` }])
  })
)

asRoot("an OCI layout keeps its own manifest, compressed layers stay as they are", () =>
  Effect.gen(function* () {
    const layer = yield* Effect.promise(() => layerOf("a", "x".repeat(5000)))
    const blob = gzipSync(layer)
    const config = configOf([layer])
    const manifest = JSON.stringify({
      schemaVersion: 2,
      annotations: { kept: "yes" },
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(config), size: config.length },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digestOf(blob), size: blob.length }]
    })
    const index = JSON.stringify({
      schemaVersion: 2,
      manifests: [
        {
          digest: digestOf(manifest),
          size: manifest.length,
          annotations: { "io.containerd.image.name": "docker.io/library/oci:1" }
        }
      ]
    })
    const at = (content: string | Buffer) => ({ name: `blobs/sha256/${digestOf(content).slice(7)}`, content })
    const layout = yield* Effect.promise(() =>
      madeTar([
        { name: "oci-layout", content: "{}" },
        { name: "index.json", content: index },
        at(config),
        at(manifest),
        at(blob)
      ])
    )
    const { images } = yield* opened()
    yield* load(images, layout)
    const image = yield* images.resolve("oci:1")
    assert.strictEqual(image.manifestDigest, digestOf(manifest))
    assert.strictEqual(image.sizeBytes, layer.length)
    assert.include((yield* save(images, "oci:1")).toString("latin1"), manifest)
  })
)

asRoot("a tag moves, a name goes alone, the image with its last name, its content with it", () =>
  Effect.gen(function* () {
    const { root, images } = yield* opened()
    const layers = yield* Effect.promise(() => Promise.all([layerOf("a", "1"), layerOf("b", "2")]))
    const [shared, own] = layers
    if (shared === undefined || own === undefined) return assert.fail("no layers")
    yield* load(images, yield* Effect.promise(() => dockerArchive([shared], ["base:1"])))
    const empty = contentOf(root).length
    yield* load(images, yield* Effect.promise(() => dockerArchive([shared, own], ["top:1"])))
    const top = yield* images.resolve("top:1")
    yield* images.tag("top:1", "top", "2")
    assert.deepStrictEqual(yield* images.remove("top:1", unused), [{ untagged: "top:1" }])
    assert.deepStrictEqual(yield* images.remove("top:2", unused), [
      { untagged: "top:2" },
      { deleted: top.id },
      { deleted: digestOf(own) }
    ])
    assert.strictEqual(contentOf(root).length, empty)
    yield* images.tag("base:1", "moved", "")
    assert.deepStrictEqual((yield* images.resolve("moved")).repoTags.toSorted(), ["base:1", "moved:latest"])
    assert.strictEqual(
      (yield* Effect.flip(images.tag("base:1", `x@${digestOf("x")}`, ""))).message,
      "refusing to create a tag with a digest reference"
    )
    assert.strictEqual((yield* Effect.flip(images.resolve("top:1"))).message, "No such image: top:1")
  })
)

asRoot("an image that is used is kept, and by whom is told", () =>
  Effect.gen(function* () {
    const { images } = yield* opened()
    const layer = yield* Effect.promise(() => layerOf("a", "1"))
    yield* load(images, yield* Effect.promise(() => dockerArchive([layer], ["used:1"])))
    const { id } = yield* images.resolve("used:1")
    const short = id.slice(7, 19)
    const used = (running: boolean, force: boolean) => ({
      ...unused,
      force,
      inUse: () => [{ containerId: "c".repeat(64), running, name: "it" }]
    })
    const refusal = (ref: string, running: boolean, force: boolean) =>
      Effect.map(Effect.flip(images.remove(ref, used(running, force))), (fault) => fault.message)
    assert.strictEqual(
      yield* refusal("used:1", false, false),
      `conflict: unable to remove repository reference "used:1" (must force) - container cccccccccccc is using its referenced image ${short}`
    )
    assert.strictEqual(
      yield* refusal(id, false, false),
      `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container cccccccccccc`
    )
    assert.strictEqual(
      yield* refusal(id, true, true),
      `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container cccccccccccc`
    )
    assert.deepStrictEqual(yield* images.remove("used:1", used(false, true)), [{ untagged: "used:1" }])
    assert.strictEqual((yield* images.resolve(id)).id, id)
  })
)

asRoot("a root file system becomes an image with the changes asked for", () =>
  Effect.gen(function* () {
    const { images } = yield* opened()
    const tar = yield* Effect.promise(() => layerOf("file", "content"))
    const said = yield* Effect.flatMap(
      images.importTar(Readable.from([gzipSync(tar)]), {
        repository: "made",
        tag: "here",
        message: "by hand",
        changes: ['CMD ["sh","-c","x"]', "env A=1 B='two words'", "EXPOSE 80 90/udp", "LABEL k=v", "WORKDIR /w"],
        platform: "linux/arm64"
      }),
      Stream.runCollect
    )
    const image = yield* images.resolve("made:here")
    assert.deepStrictEqual(said, [{ status: image.id }])
    assert.deepStrictEqual(image.diffIds, [digestOf(tar)])
    assert.deepStrictEqual(image.config, {
      cmd: ["sh", "-c", "x"],
      env: ["A=1", "B=two words"],
      exposedPorts: ["80/tcp", "90/udp"],
      labels: { k: "v" },
      workingDir: "/w"
    })
    assert.strictEqual(image.architecture, "arm64")
    assert.strictEqual((yield* images.history("made:here"))[0]?.Comment, "by hand")
  })
)
