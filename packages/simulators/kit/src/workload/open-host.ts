import { diskStore } from "@sockerless/images"
import { Dns, LinuxNetwork } from "@sockerless/oci-runtime"
import type { Store, StoreFault } from "@sockerless/store"
import { Context, Effect, Layer, Schema, type Scope } from "effect"
import { randomBytes } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { Simulation } from "../simulation.ts"
import { WorkloadHost } from "./host.ts"

export interface OpenHostOptions {
  /** Survives a reboot: images, container folders, logs. */
  readonly dataRoot: string
  /** Parent of a folder on a tmpfs for what ends with the machine. */
  readonly execParent: string
  /** Registries reached without TLS, and mirrors of docker.io. */
  readonly registries: { readonly insecure: ReadonlyArray<string>; readonly mirrors: ReadonlyArray<string> }
}

const Mark = Schema.Struct({ instance: Schema.String })
const MARK_BYTES = 3

/**
 * A workload host with its own images and networks on this machine. Where containers cannot run, a host that says why
 * whenever a workload is to start: the APIs are still there.
 */
export const openHost = Effect.fnUntraced(function* (
  simulation: Simulation,
  options: OpenHostOptions
): Effect.fn.Return<WorkloadHost["Service"], StoreFault, Scope.Scope | Store> {
  const marks = yield* simulation.book.table("workload/mark", Mark)
  const { instance } = marks.get("mark") ?? marks.put("mark", { instance: randomBytes(MARK_BYTES).toString("hex") })
  yield* simulation.book.settle
  const execRoot = join(options.execParent, `cloudsim-${instance}`)
  const images = join(options.dataRoot, "images")
  yield* Effect.promise(() => mkdir(images, { recursive: true, mode: 0o711 }))
  const linux = WorkloadHost.linux(simulation, { dataRoot: options.dataRoot, execRoot, instance }).pipe(
    Layer.provide([
      diskStore({ root: images, registries: options.registries }),
      LinuxNetwork.linux({ instance }),
      Dns.onGateways()
    ])
  )
  const none = (reason: string) => WorkloadHost.none(`no workload can run on this machine: ${reason}`)
  const chosen =
    process.getuid?.() === 0 ? linux.pipe(Layer.catch((fault) => none(fault.message))) : none("it needs root")
  return Context.get(yield* Layer.build(chosen), WorkloadHost)
})
