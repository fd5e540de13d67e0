import { Containers } from "@sockerless/engine"
import { BadRequest, bytes, empty } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { Readable } from "node:stream"
import { createGzip } from "node:zlib"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { truthy } from "../query.ts"

type PathStat = Effect.Success<ReturnType<Containers["Service"]["archiveStat"]>>

const pathOf = (call: ApiCall) => {
  const path = call.query.get("path") ?? ""
  if (path === "") return Effect.fail(new BadRequest({ message: "bad parameter: path cannot be empty" }))
  return path.includes("\0")
    ? Effect.fail(new BadRequest({ message: "invalid argument: a NUL byte in path" }))
    : Effect.succeed(path)
}

/** The header every archive answer carries: standard base64 of JSON, `mode` in Go's bits. */
const statHeader = (stat: PathStat) => ({
  "X-Docker-Container-Path-Stat": Buffer.from(
    JSON.stringify({
      name: stat.name,
      size: stat.size,
      mode: stat.mode,
      mtime: stat.mtime,
      linkTarget: stat.linkTarget
    })
  ).toString("base64")
})

const stat = Effect.fnUntraced(function* (call: ApiCall) {
  const found = yield* (yield* Containers).archiveStat(call.param("id"), yield* pathOf(call))
  return empty(200, statHeader(found))
})

const compressed = (tar: Readable) => {
  const gzip = createGzip()
  tar.on("error", (cause) => gzip.destroy(cause))
  gzip.on("close", () => tar.destroy())
  return tar.pipe(gzip)
}

const get = Effect.fnUntraced(function* (call: ApiCall) {
  const packed = yield* (yield* Containers).archivePack(call.param("id"), yield* pathOf(call))
  const headers = { "Content-Type": "application/x-tar", ...statHeader(packed.stat) }
  const wantsGzip = /(?:^|[\s,])gzip(?:\s*$|\s*[,;])/.test(String(call.request.headers["accept-encoding"] ?? ""))
  return wantsGzip
    ? bytes(compressed(packed.tar), { ...headers, "Content-Encoding": "gzip" })
    : bytes(packed.tar, headers)
})

const put = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Containers).archiveUnpack(call.param("id"), yield* pathOf(call), call.request, {
    noOverwriteDirNonDir: truthy(call.query, "noOverwriteDirNonDir"),
    copyUIDGID: truthy(call.query, "copyUIDGID")
  })
  return empty(200)
})

const exportRoot = Effect.fnUntraced(function* (call: ApiCall) {
  return bytes(yield* (yield* Containers).exportRoot(call.param("id")), { "Content-Type": "application/octet-stream" })
})

/** Files in and out of a container. */
export const archiveRoutes = (bridge: ApiBridge): void => {
  bridge.route("HEAD", "/containers/:id/archive", stat, "stop")
  bridge.route("GET", "/containers/:id/archive", get, "stop")
  bridge.route("PUT", "/containers/:id/archive", put)
  bridge.route("GET", "/containers/:id/export", exportRoot, "stop")
}
