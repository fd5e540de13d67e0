import { until } from "@sockerless/e2e-kit"
import { at, expectCall, type Json, jsonOf, numberAt, rowsOf, textAt, Violation } from "./api.ts"
import { readTraces, type Traces } from "./traces.ts"
import type { World } from "./world.ts"

/** Namespaces the daemon makes ahead of need, each with an interface on the default bridge. */
const READY_NAMESPACES = 3
/** What ended a moment ago is still being given back. */
const SETTLE_MILLIS = 30_000

/** What may be there, as the daemon tells it. */
interface Allowed {
  readonly known: ReadonlySet<string>
  readonly running: ReadonlySet<string>
  readonly namespaces: number
  readonly veths: number
  readonly bridges: number
  readonly published: number
  readonly volumes: ReadonlySet<string>
}

const isAlive = (row: Json): boolean => ["running", "paused"].includes(textAt(row, "State"))

const ownsNamespace = (row: Json): boolean => {
  const mode = textAt(row, "HostConfig", "NetworkMode")
  return mode !== "host" && !mode.startsWith("container:")
}

const endpointsOf = (row: Json): number =>
  Object.values((at(row, "NetworkSettings", "Networks") ?? {}) as { readonly [name: string]: Json }).filter(
    (endpoint) => textAt(endpoint, "IPAddress") !== ""
  ).length

const readAllowed = async ({ api }: World): Promise<Allowed> => {
  const get = async (path: string) => jsonOf(await expectCall(api, [200], "GET", path))
  const rows = rowsOf(await get("/containers/json?all=1"))
  const alive = rows.filter(isAlive)
  const networks = rowsOf(await get("/networks"))
  return {
    known: new Set(rows.map((row) => textAt(row, "Id"))),
    running: new Set(alive.map((row) => textAt(row, "Id"))),
    namespaces: alive.filter(ownsNamespace).length,
    veths: alive.map(endpointsOf).reduce((sum, count) => sum + count, 0),
    bridges: networks.filter((network) => textAt(network, "Driver") === "bridge").length,
    published: alive.flatMap((row) => rowsOf(at(row, "Ports"))).filter((port) => numberAt(port, "PublicPort") > 0)
      .length,
    volumes: new Set(rowsOf(at(await get("/volumes"), "Volumes")).map((volume) => textAt(volume, "Name")))
  }
}

const beyond = (what: string, found: ReadonlyArray<string>, allowed: ReadonlySet<string>): ReadonlyArray<string> =>
  found.filter((name) => !allowed.has(name)).map((name) => `${what} ${name}`)

const tooMany = (what: string, found: ReadonlyArray<string>, most: number): ReadonlyArray<string> =>
  found.length > most ? [`${found.length} ${what} where ${most} belong: ${found.join(", ")}`] : []

const judge = (traces: Traces, allowed: Allowed): ReadonlyArray<string> => [
  ...traces.mounts.map((mount) => `mount ${mount}`),
  ...tooMany("network namespaces", traces.namespaces, allowed.namespaces + READY_NAMESPACES),
  ...tooMany("interfaces", traces.veths, allowed.veths + READY_NAMESPACES),
  ...tooMany("bridges", traces.bridges, allowed.bridges),
  ...tooMany("rules of published ports", traces.publishedRules, allowed.published),
  ...beyond("cgroup", traces.cgroups, allowed.running),
  ...beyond("runtime state", traces.runtimeStates, allowed.running),
  ...beyond("bundle", traces.bundles, allowed.known),
  ...beyond("exit file", traces.exits, allowed.known),
  ...beyond("folder of container", traces.containerFolders, allowed.known),
  ...beyond("folder of volume", traces.volumeFolders, allowed.volumes),
  ...traces.execs.map((name) => `files of exec ${name}`),
  ...traces.drafts.map((name) => `half-made ${name}`),
  ...[...traces.processes].flatMap(([pid, line]) =>
    [...allowed.running].some((id) => line.includes(id)) ? [] : [`process ${pid} ${line}`]
  )
]

/** Fails when anything is there after everything was removed, images too, but what a fresh daemon has. */
export const checkBare = async (world: World, folder: string): Promise<void> => {
  await checkLeftovers(world, folder)
  const { content } = await readTraces(folder)
  if (content.length > 0) throw new Violation(`content of removed images is left: ${content.join(", ")}`)
}

/** Fails when anything in the machine belongs to no container, network or volume that the daemon knows. */
export const checkLeftovers = async (world: World, folder: string): Promise<void> => {
  let last: ReadonlyArray<string> = []
  const none = async () => {
    const traces = await readTraces(folder)
    last = judge(traces, await readAllowed(world))
    return last.length === 0 ? true : undefined
  }
  await until("nothing is left over", none, SETTLE_MILLIS).catch(() => {
    throw new Violation(`left over: ${last.join("; ")}`)
  })
}
