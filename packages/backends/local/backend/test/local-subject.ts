import type { Fault } from "@sockerless/faults"
import { diskStore, ImageStore } from "@sockerless/images"
import { Dns, LinuxNetwork } from "@sockerless/oci-runtime"
import { storeMemory } from "@sockerless/store"
import { type Subject, shellCommand } from "@sockerless/backend-contract/suite"
import { Context, Effect, Layer, type Scope } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeLocalBackend } from "../src/index.ts"

const runs = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined

/** Why this backend cannot run here; undefined when it can. */
export const missing: string | undefined =
  process.getuid?.() !== 0
    ? "needs root"
    : !existsSync("/bin/busybox")
      ? "needs busybox-static"
      : ["conmon", "nft", "ip"].some((program) => !runs(program)) || !(runs("crun") || runs("runc"))
        ? "needs conmon, crun or runc, iproute2 and nftables"
        : undefined

/** A root file system of busybox as a tar. */
const busyboxRoot = (folder: string) => {
  const root = join(folder, "root")
  for (const path of ["bin", "etc", "tmp", "proc", "sys", "dev"]) mkdirSync(join(root, path), { recursive: true })
  copyFileSync("/bin/busybox", join(root, "bin/busybox"))
  for (const applet of spawnSync("/bin/busybox", ["--list"], { encoding: "utf8" }).stdout.split("\n")) {
    if (applet !== "" && applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet))
  }
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")
  writeFileSync(join(root, "etc/group"), "root:x:0:\n")
  return spawn("tar", ["-C", root, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] }).stdout
}

/** Takes away what stays in the kernel after every container is gone: the firewall table and the cgroups' parent. */
const removeMarks = (mark: string): void => {
  spawnSync("nft", ["delete", "table", "ip", `sockerless-${mark}`])
  const controllers = readdirSync("/sys/fs/cgroup").map((name) => join("/sys/fs/cgroup", name))
  for (const controller of ["/sys/fs/cgroup", ...controllers]) {
    const parent = join(controller, `sockerless-${mark}`)
    if (existsSync(parent)) rmdirSync(parent)
  }
}

/** This machine as a place of its own: private folders, a mark nobody else has, busybox as the image. */
export const localSubject: Effect.Effect<Subject, Fault, Scope.Scope> = Effect.gen(function* () {
  const mark = randomBytes(3).toString("hex")
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "lb-"))),
    (path) =>
      Effect.sync(() => {
        removeMarks(mark)
        rmSync(path, { recursive: true, force: true })
      })
  )
  const images = diskStore({ root: join(folder, "images"), registries: { insecure: [], mirrors: [] } }).pipe(
    Layer.provide(storeMemory)
  )
  const parts = yield* Layer.build(Layer.mergeAll(images, LinuxNetwork.linux({ instance: mark }), Dns.onGateways()))
  const store = Context.get(parts, ImageStore)
  yield* store.importTar(busyboxRoot(folder), {
    repository: "busybox",
    tag: "contract",
    message: "",
    changes: [],
    platform: undefined
  })
  const image = yield* store.resolve("busybox:contract")
  const life = makeLocalBackend({
    dataRoot: join(folder, "data"),
    execRoot: join(folder, "exec"),
    instanceId: mark,
    defaultBridge: { address: undefined, mtu: undefined },
    dns: [],
    archiveHelper: undefined
  }).pipe(Effect.provideContext(parts))
  const clean = { workloads: [], networks: [], volumes: [] }
  const backend = yield* Effect.acquireRelease(life, (one) => Effect.orDie(one.recover(clean)))
  yield* backend.recover(clean)
  return {
    backend,
    image: { id: image.id, reference: "busybox:contract", platform: "linux" },
    command: shellCommand,
    secondLife: life
  }
})
