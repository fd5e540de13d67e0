import { assert, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { createServer, type RequestListener } from "node:http"
import type { ImageStore, Progress } from "../src/index.ts"
import { dockerRegistry, hasRegistry } from "./docker-registry.ts"
import { digestOf, madeTar } from "./made-tar.ts"
import { configOf, dockerArchive, load, opened } from "./opened.ts"

const withRegistry = it.live.skipIf(!hasRegistry || process.getuid?.() !== 0)
const MILLIS = 90_000

const tester = { username: "tester", password: "secret" }

const pull = (images: ImageStore["Service"], ref: string, auth?: typeof tester) =>
  Effect.flatMap(images.pull(ref, { platform: undefined, auth }), Stream.runCollect)

const push = (images: ImageStore["Service"], ref: string, auth?: typeof tester) =>
  Effect.flatMap(images.push(ref, { tag: undefined, auth }), Stream.runCollect)

const layersOf = (...sizes: ReadonlyArray<number>) =>
  Effect.promise(() => Promise.all(sizes.map((size) => madeTar([{ name: "file", content: randomBytes(size) }]))))

const short = (digest: string): string => digest.slice(7, 19)
const statuses = (messages: ReadonlyArray<Progress>, id: string): ReadonlyArray<string | undefined> =>
  messages.filter((message) => message.id === id).map(({ status }) => status)

withRegistry(
  "an image is pushed and pulled elsewhere with the same id and manifest, layer by layer",
  () =>
    Effect.gen(function* () {
      const address = yield* dockerRegistry({ password: false })
      const layers = yield* layersOf(1000, 1_500_000)
      const ref = `${address}/some/image:1`
      const here = yield* opened()
      yield* load(here.images, yield* Effect.promise(() => dockerArchive(layers, [ref])))
      const pushed: ReadonlyArray<Progress> = yield* push(here.images, ref)
      const before = yield* here.images.resolve(ref)
      assert.strictEqual(pushed[0]?.status, `The push refers to repository [${address}/some/image]`)
      for (const layer of layers)
        assert.deepStrictEqual(statuses(pushed, short(digestOf(layer))), ["Preparing", "Pushed"])
      assert.strictEqual(pushed.at(-1)?.aux?.["Digest"], before.manifestDigest)
      const again: ReadonlyArray<Progress> = yield* push(here.images, ref)
      for (const layer of layers)
        assert.deepStrictEqual(statuses(again, short(digestOf(layer))), ["Preparing", "Layer already exists"])

      const there = yield* opened()
      const pulled: ReadonlyArray<Progress> = yield* pull(there.images, ref)
      const [small, large] = layers.map((layer) => statuses(pulled, short(digestOf(layer))))
      const around = (downloads: number) => [
        "Pulling fs layer",
        ...Array.from({ length: downloads }, () => "Downloading"),
        "Verifying Checksum",
        "Download complete",
        "Extracting",
        "Pull complete"
      ]
      assert.deepStrictEqual(small, around(1))
      assert.isAtLeast(large?.length ?? 0, around(2).length)
      const totals = pulled
        .filter(({ id }) => id === short(digestOf(layers[1] ?? "")))
        .map(({ progressDetail }) => progressDetail)
      assert.deepStrictEqual(
        totals.findLast((detail) => detail?.total !== undefined),
        {
          current: layers[1]?.length ?? 0,
          total: layers[1]?.length ?? 0
        }
      )
      assert.deepStrictEqual(pulled.slice(-2), [
        { status: `Digest: ${before.manifestDigest}` },
        { status: `Status: Downloaded newer image for ${ref}` }
      ])
      const after = yield* there.images.resolve(ref)
      assert.strictEqual(after.id, before.id)
      assert.strictEqual(after.manifestDigest, before.manifestDigest)
      assert.deepStrictEqual(after.repoDigests, [`${address}/some/image@${before.manifestDigest}`])
      const twice: ReadonlyArray<Progress> = yield* pull(there.images, ref)
      assert.strictEqual(twice.at(-1)?.status, `Status: Image is up to date for ${ref}`)
      yield* pull(there.images, `${address}/some/image@${before.manifestDigest}`)
      const absent = yield* Effect.flip(pull(there.images, `${address}/some/image:2`))
      assert.strictEqual(
        absent.message,
        `manifest for ${address}/some/image:2 not found: manifest unknown: manifest unknown`
      )
    }),
  MILLIS
)

withRegistry(
  "a registry with a password lets in who knows it",
  () =>
    Effect.gen(function* () {
      const address = yield* dockerRegistry({ password: true })
      const { images } = yield* opened()
      const layers = yield* layersOf(1000)
      const ref = `${address}/image:1`
      yield* load(images, yield* Effect.promise(() => dockerArchive(layers, [ref])))
      const wrong = { username: "tester", password: "wrong" }
      const refused: ReadonlyArray<Progress> = yield* push(images, ref, wrong)
      assert.match(refused.at(-1)?.error ?? "", /denied: requested access to the resource is denied$/)
      const pushed: ReadonlyArray<Progress> = yield* push(images, ref, tester)
      assert.isUndefined(pushed.at(-1)?.error)
      assert.match((yield* Effect.flip(pull(images, ref))).message, /^(Head|Get) ".*": no basic auth credentials$/)
      assert.match((yield* Effect.flip(pull(images, ref, wrong))).message, /^pull access denied for /)
      yield* pull(images, ref, tester)
      const login = (auth: typeof tester) => images.login({ ...auth, serverAddress: address })
      assert.deepStrictEqual(yield* login(tester), { status: "Login Succeeded", identityToken: "" })
      assert.strictEqual(
        (yield* Effect.flip(login(wrong))).message,
        `login attempt to http://${address}/v2/ failed with status: 401 Unauthorized`
      )
    }),
  MILLIS
)

/** A server for one test; gives its address and notes what was asked. */
const server = (answer: RequestListener) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly address: string; readonly asked: Array<string>; readonly close: () => void }>(
        (resume) => {
          const asked: Array<string> = []
          const listening = createServer((request, response) => {
            asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`)
            answer(request, response)
          })
          listening.listen(0, "127.0.0.1", () => {
            const place = listening.address()
            const port = typeof place === "object" && place !== null ? place.port : 0
            const close = () => {
              listening.close()
              listening.closeAllConnections()
            }
            resume(Effect.succeed({ address: `127.0.0.1:${port}`, asked, close }))
          })
        }
      ),
      ({ close }) => Effect.sync(close)
    ),
    ({ address, asked }) => ({ address, asked })
  )

const remote = Effect.map(layersOf(2000), ([layer = Buffer.alloc(0)]) => {
  const config = configOf([layer])
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: { digest: digestOf(config), size: config.length },
    layers: [{ digest: digestOf(layer), size: layer.length }]
  })
  const answer: RequestListener = (request, response) => {
    if (request.url?.includes("/manifests/") === true) response.end(manifest)
    else if (request.url?.endsWith(digestOf(config)) === true) response.end(config)
    else if (request.url?.endsWith(digestOf(layer)) === true) response.end(layer)
    else response.writeHead(404).end()
  }
  return { config, manifest, answer }
})

it.live.skipIf(process.getuid?.() !== 0)(
  "a token is asked for once, with scope and service, and serves the whole pull",
  () =>
    Effect.gen(function* () {
      const { config, answer } = yield* remote
      const realm = yield* server((_, response) => response.end('{"access_token":"ticket"}'))
      const registry = yield* server((request, response) => {
        const challenge = `Bearer realm="http://${realm.address}/token?a=1",service="the registry"`
        if (request.headers.authorization === "Bearer ticket") answer(request, response)
        else response.writeHead(401, { "WWW-Authenticate": challenge }).end()
      })
      const { images } = yield* opened()
      yield* pull(images, `${registry.address}/image:1`)
      assert.strictEqual((yield* images.resolve(`${registry.address}/image:1`)).id, digestOf(config))
      assert.deepStrictEqual(realm.asked, ["GET /token?a=1&service=the+registry&scope=repository%3Aimage%3Apull -"])
      assert.deepStrictEqual(
        registry.asked.map((line) => line.split(" ").at(-1)),
        ["-", "ticket", "ticket", "ticket"]
      )
    })
)

it.live.skipIf(process.getuid?.() !== 0)(
  "mirrors are asked in their order, without the credentials of the registry they stand for",
  () =>
    Effect.gen(function* () {
      const { config, answer } = yield* remote
      const down = yield* server((_, response) => response.writeHead(503).end())
      const curious = yield* server((_, response) =>
        response.writeHead(401, { "WWW-Authenticate": 'Basic realm="give me"' }).end()
      )
      const mirror = yield* server(answer)
      const { images } = yield* opened({
        mirrors: [down, curious, mirror].map(({ address }) => `http://${address}/`)
      })
      const said: ReadonlyArray<Progress> = yield* pull(images, "mirrored:1", tester)
      assert.isUndefined(said.at(-1)?.error)
      const image = yield* images.resolve("mirrored:1")
      assert.strictEqual(image.id, digestOf(config))
      assert.deepStrictEqual(down.asked, ["GET /v2/library/mirrored/manifests/1 -"])
      assert.deepStrictEqual(curious.asked, ["GET /v2/library/mirrored/manifests/1 -"])
      assert.strictEqual(mirror.asked.length, 3)
      for (const line of mirror.asked) assert.match(line, / -$/)
    })
)
