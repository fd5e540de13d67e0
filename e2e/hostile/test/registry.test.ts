import type { RequestListener, ServerResponse } from "node:http"
import { expect, test } from "vitest"
import {
  endless,
  freshLayer,
  honest,
  pullsOf,
  redirect,
  remoteImage,
  sha256,
  underSiege,
  until,
  when
} from "@sockerless/e2e-hostile"

const siege = underSiege()
const { registry, pull, nothingIsLeft } = pullsOf(siege)

const body = (part: string, content: string | Buffer, type = "application/json") =>
  when(part, (response) => response.writeHead(200, { "Content-Type": type }).end(content))

test("the honest image can be pulled, so the lies are what is refused", async () => {
  const image = remoteImage(freshLayer())
  const { address } = await registry(honest(image))
  expect(await pull(address)).toBeUndefined()
  expect(await siege.docker.ok("image", "inspect", "-f", "{{.Id}}", `${address}/image`)).toBe(image.configDigest)
})

type Lie = readonly [string, (image: ReturnType<typeof remoteImage>) => RequestListener, RegExp]

const lies: ReadonlyArray<Lie> = [
  [
    "a layer of another digest and the same size",
    (image) => body(image.layerDigest, Buffer.alloc(image.layer.length, 1)),
    /^filesystem layer verification failed for digest sha256:/
  ],
  [
    "a layer that is shorter",
    (image) => body(image.layerDigest, image.layer.subarray(0, 1000)),
    /^filesystem layer verification failed for digest sha256:/
  ],
  [
    "a layer that is longer",
    (image) => body(image.layerDigest, Buffer.concat([image.layer, Buffer.from("x")])),
    /^unexpected size: the content is longer than the \d+ bytes announced$/
  ],
  ["a layer without end", (image) => when(image.layerDigest, endless), /^unexpected size: /],
  ["a config without end", (image) => when(image.configDigest, endless), /^unexpected size: /],
  [
    "a config of another digest",
    (image) => body(image.configDigest, "{}"),
    /^filesystem layer verification failed for digest sha256:/
  ],
  ["a manifest without end", () => when("/manifests/", endless), /^manifest is larger than 4194304 bytes$/],
  ["a manifest of 5 MB", () => body("/manifests/", " ".repeat(5_000_000)), /^manifest is larger than 4194304 bytes$/],
  [
    "a nested bomb as manifest",
    () => body("/manifests/", "[".repeat(2_000_000)),
    /is not of a form this version knows$/
  ],
  ["a page as manifest", () => body("/manifests/", "<html>", "text/html"), /is not of a form this version knows$/],
  [
    "a manifest of schema 1",
    () => body("/manifests/", JSON.stringify({ schemaVersion: 1, name: "x", fsLayers: [], history: [] })),
    /^image manifest schema 1 is not supported/
  ],
  [
    "a document that is index and manifest at once",
    (image) => body("/manifests/", JSON.stringify({ ...JSON.parse(image.manifest), manifests: [] })),
    /^manifest sha256:[0-9a-f]{64} is an index as well$/
  ],
  [
    "an index that names itself",
    () =>
      when("/manifests/", (response) =>
        response.end(
          JSON.stringify({
            manifests: [
              {
                digest: `sha256:${"0".repeat(64)}`,
                size: 1,
                platform: { os: "linux", architecture: process.arch === "x64" ? "amd64" : process.arch }
              }
            ]
          })
        )
      ),
    /^manifest verification failed for digest sha256:0{64}: the content has sha256:/
  ],
  [
    "an index without this platform",
    () =>
      body(
        "/manifests/",
        JSON.stringify({
          manifests: [{ digest: `sha256:${"0".repeat(64)}`, size: 1, platform: { os: "plan9", architecture: "z80" } }]
        })
      ),
    /^no matching manifest for linux\/\w+ in the manifest list entries$/
  ],
  [
    "no such image",
    () => when("/manifests/", (response) => response.writeHead(404).end()),
    /not found: manifest unknown/
  ],
  [
    "a failure",
    () => when("/manifests/", (response) => response.writeHead(500).end("<html>")),
    /^received unexpected HTTP status: 500/
  ],
  [
    "a cut answer",
    () => when("/manifests/", (response) => response.destroy()),
    /^Get "http:\/\/127\.0\.0\.1:\d+\/v2\/": /
  ],
  [
    "a redirect to a file",
    () => redirect("/blobs/", "file:///etc/passwd"),
    /redirects to file:\/\/\/etc\/passwd, which is not on the web$/
  ],
  ["a redirect to data", () => redirect("/manifests/", "data:application/json,{}"), /which is not on the web$/],
  ["a redirect to nowhere", () => redirect("/manifests/", "http://["), /which is no address$/],
  [
    "a redirect in a circle",
    () => redirect("/manifests/", "/v2/image/manifests/latest"),
    /redirects more than 10 times$/
  ],
  [
    "a redirect to the cloud's own address",
    () => redirect("/blobs/", "http://169.254.169.254/latest/meta-data/iam"),
    /which is an address of the machine's own cloud$/
  ],
  [
    "a redirect to the cloud's own address in disguise",
    () => redirect("/blobs/", "http://[::ffff:169.254.169.254]/latest"),
    /which is an address of the machine's own cloud$/
  ],
  [
    "a redirect to the cloud's own address as a number",
    () => redirect("/blobs/", "http://2852039166/latest"),
    /which is an address of the machine's own cloud$/
  ]
]

test.each(lies)("%s is refused and leaves nothing", async (_, lie, message) => {
  const image = remoteImage(freshLayer())
  const { address } = await registry(honest(image, lie(image)))
  expect(await pull(address)).toMatch(message)
  await nothingIsLeft()
  expect((await siege.docker.run(["image", "inspect", `${address}/image`])).code).toBe(1)
})

const manifests: ReadonlyArray<
  readonly [string, (manifest: Record<string, unknown>) => Record<string, unknown>, RegExp]
> = [
  [
    "a layer digest that is a path",
    (told) => ({ ...told, layers: [{ digest: "sha256:../../../etc/passwd", size: 1 }] }),
    /^invalid digest "sha256:\.\.\//
  ],
  [
    "a layer digest of another kind",
    (told) => ({ ...told, layers: [{ digest: `md5:${"0".repeat(32)}`, size: 1 }] }),
    /^invalid digest "md5:/
  ],
  [
    "a config digest that is a path",
    (told) => ({ ...told, config: { digest: "../x", size: 1 } }),
    /^invalid digest "\.\.\/x"/
  ],
  [
    "a config beyond all measure",
    (told) => ({ ...told, config: { ...Object(told["config"]), size: 1e12 } }),
    /^invalid image config: 1000000000000 bytes/
  ],
  [
    "ten thousand layers",
    (told) => ({
      ...told,
      layers: Array.from({ length: 10_000 }, () => ({ digest: `sha256:${sha256("x")}`, size: 1 }))
    }),
    /^max depth exceeded: 10000 layers/
  ],
  [
    "a negative size",
    (told) => ({ ...told, layers: [{ ...Object(told["layers"])[0], size: -1 }] }),
    /^unexpected size/
  ],
  [
    "a size that is a word",
    (told) => ({ ...told, layers: [{ ...Object(told["layers"])[0], size: "1" }] }),
    /is not of a form this version knows$/
  ],
  [
    "no layers although its config has one",
    (told) => ({ ...told, layers: [] }),
    /^invalid image: its config names 1 layers, its manifest 0$/
  ]
]

test.each(manifests)("a manifest with %s is refused", async (_, tell, message) => {
  const { address } = await registry(honest(remoteImage(freshLayer(), tell)))
  expect(await pull(address)).toMatch(message)
  await nothingIsLeft()
})

test("a manifest without a content type is read for what it is", async () => {
  const image = remoteImage(freshLayer(), (told) => ({ ...told, mediaType: undefined }))
  const { address } = await registry(
    honest(
      image,
      when("/manifests/", (response) => response.end(image.manifest))
    )
  )
  expect(await pull(address)).toBeUndefined()
})

test("a layer that comes in pieces is taken up where it broke, with ranges and without", async () => {
  const image = remoteImage(freshLayer(300_000))
  const cut = (response: ServerResponse, range: string, ranges: boolean) => {
    const from = Number(/bytes=(\d+)-/.exec(range)?.[1] ?? 0)
    const start = ranges ? from : 0
    const end = from === 0 ? 100_000 : image.layer.length
    response.writeHead(start > 0 ? 206 : 200, { "Content-Length": image.layer.length - start })
    response.write(image.layer.subarray(start, end), () =>
      end < image.layer.length ? response.destroy() : response.end()
    )
  }
  const first = await registry(
    honest(
      image,
      when(image.layerDigest, (response, range) => cut(response, range, true))
    )
  )
  expect(await pull(first.address)).toBeUndefined()
  await siege.docker.ok("rmi", `${first.address}/image`)
  const second = await registry(
    honest(
      image,
      when(image.layerDigest, (response, range) => cut(response, range, false))
    )
  )
  expect(await pull(second.address)).toBeUndefined()
})

test("a layer that always breaks is given up", async () => {
  const image = remoteImage(freshLayer(100_000))
  const { address, seen } = await registry(
    honest(
      image,
      when(image.layerDigest, (response) => {
        response.writeHead(200, { "Content-Length": image.layer.length })
        response.write("x", () => response.destroy())
      })
    )
  )
  expect(await pull(address)).toMatch(/^(pull layer|unexpected|filesystem layer verification)/)
  expect(seen.filter(({ line }) => line.endsWith(image.layerDigest)).length).toBeLessThanOrEqual(10)
  await nothingIsLeft()
})

test("a client that leaves takes its download with it", async () => {
  const image = remoteImage(freshLayer(), (told) => ({
    ...told,
    layers: [{ ...Object(told["layers"])[0], size: 1e12 }]
  }))
  let cut = false
  const { address, seen } = await registry(
    honest(
      image,
      when(image.layerDigest, (response) => {
        response.once("close", () => {
          cut = true
        })
        endless(response)
      })
    )
  )
  const path = `/images/create?fromImage=${encodeURIComponent(`${address}/image`)}&tag=latest`
  const bytes = `POST ${path} HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n`
  await until("the download is under way", async () => {
    await siege.abandon(bytes)
    return seen.some(({ line }) => line.endsWith(image.layerDigest)) ? true : undefined
  })
  await until("the download is cut", () => (cut ? true : undefined), 30_000)
  await nothingIsLeft()
})
