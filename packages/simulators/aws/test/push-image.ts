import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { buffer } from "node:stream/consumers"
import { gzipSync } from "node:zlib"
import { pack } from "tar-stream"

const digestOf = (bytes: Buffer | string): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`

const busyboxTar = async (): Promise<Buffer> => {
  const tar = pack()
  const whole = buffer(tar)
  for (const folder of ["bin", "etc", "tmp", "mnt", "data"]) tar.entry({ name: folder, type: "directory", mode: 0o777 })
  tar.entry({ name: "bin/busybox", mode: 0o755 }, readFileSync("/bin/busybox"))
  const applets = execFileSync("/bin/busybox", ["--list"], { encoding: "utf8" }).split("\n")
  for (const applet of applets)
    if (applet !== "" && applet !== "busybox")
      tar.entry({ name: `bin/${applet}`, type: "link", linkname: "bin/busybox", mode: 0o755 })
  tar.entry({ name: "etc/passwd", mode: 0o644 }, "root:x:0:0:root:/root:/bin/sh\n")
  tar.finalize()
  return whole
}

/** Pushes a busybox image through the distribution protocol and gives its manifest's digest. */
export const pushBusybox = async (
  registry: string,
  authorizationToken: string,
  repository: string,
  tag: string
): Promise<string> => {
  const headers = { Authorization: `Basic ${authorizationToken}` }
  const upload = async (content: Buffer): Promise<string> => {
    const digest = digestOf(content)
    const begun = await fetch(`${registry}/v2/${repository}/blobs/uploads/`, { method: "POST", headers })
    const place = new URL(begun.headers.get("location") ?? "", registry)
    place.searchParams.set("digest", digest)
    const ended = await fetch(place, { method: "PUT", headers, body: new Uint8Array(content) })
    if (ended.status !== 201) throw new Error(`the blob was refused: ${ended.status} ${await ended.text()}`)
    return digest
  }
  const tar = await busyboxTar()
  const layer = gzipSync(tar, { level: 1 })
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config: { Env: ["PATH=/bin"], Cmd: ["sh"] },
      rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
      history: []
    })
  )
  const mediaType = "application/vnd.oci.image.manifest.v1+json"
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: await upload(config),
      size: config.length
    },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
        digest: await upload(layer),
        size: layer.length
      }
    ]
  })
  const put = await fetch(`${registry}/v2/${repository}/manifests/${tag}`, {
    method: "PUT",
    headers: { ...headers, "Content-Type": mediaType },
    body: manifest
  })
  if (put.status !== 201) throw new Error(`the manifest was refused: ${put.status} ${await put.text()}`)
  return digestOf(manifest)
}
