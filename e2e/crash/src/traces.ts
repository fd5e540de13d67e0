import { execFile } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { at, type Json, rowsOf, textAt } from "./api.ts"

const execute = promisify(execFile)

/** What one daemon has in this machine, looked up without asking it. */
export interface Traces {
  /** Mounts on or of its folders, in the machine's and in the daemon's view. */
  readonly mounts: ReadonlyArray<string>
  readonly namespaces: ReadonlyArray<string>
  readonly veths: ReadonlyArray<string>
  readonly bridges: ReadonlyArray<string>
  readonly publishedRules: ReadonlyArray<string>
  /** Ids below the daemon's own cgroup, in any hierarchy. */
  readonly cgroups: ReadonlyArray<string>
  /** Processes whose command line names its folders: monitors, runtimes, tools. By pid. */
  readonly processes: ReadonlyMap<number, string>
  readonly bundles: ReadonlyArray<string>
  readonly exits: ReadonlyArray<string>
  readonly runtimeStates: ReadonlyArray<string>
  readonly execs: ReadonlyArray<string>
  readonly containerFolders: ReadonlyArray<string>
  readonly volumeFolders: ReadonlyArray<string>
  readonly drafts: ReadonlyArray<string>
  /** Content of images: blobs, unpacked layers, short links to them. */
  readonly content: ReadonlyArray<string>
}

/** Output of a tool; empty when it finds nothing. */
const ask = (program: string, ...args: ReadonlyArray<string>): Promise<string> =>
  execute(program, [...args], { maxBuffer: 64 * 1024 * 1024 }).then(
    ({ stdout }) => stdout,
    () => ""
  )

const askJson = async (program: string, ...args: ReadonlyArray<string>): Promise<Json> => {
  const text = await ask(program, ...args)
  return text === "" ? null : (JSON.parse(text) as Json)
}

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // Processes come and go while they are listed.
    return ""
  }
}

const listed = (folder: string): Promise<ReadonlyArray<string>> =>
  readdir(folder).then(
    (names) => names,
    () => []
  )

const pids = (): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

const processesNaming = (folder: string, except: ReadonlySet<number>): ReadonlyMap<number, string> =>
  new Map(
    pids().flatMap((pid) => {
      const line = except.has(pid) ? "" : read(`/proc/${pid}/cmdline`)
      return line.includes(`${folder}/`) ? [[pid, line.replaceAll("\0", " ")] as const] : []
    })
  )

const cgroupChildren = async (mark: string): Promise<ReadonlyArray<string>> => {
  const root = "/sys/fs/cgroup"
  const parents = [join(root, `sockerless-${mark}`)]
  for (const name of await listed(root)) parents.push(join(root, name, `sockerless-${mark}`))
  const children = await Promise.all(
    parents.map((parent) => ask("find", parent, "-mindepth", "1", "-maxdepth", "1", "-type", "d"))
  )
  return [
    ...new Set(
      children
        .join("\n")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split("/").at(-1) ?? "")
    )
  ]
}

const publishedRules = async (mark: string): Promise<ReadonlyArray<string>> => {
  const table = await askJson("nft", "-j", "list", "table", "ip", `sockerless-${mark}`)
  return rowsOf(at(table, "nftables")).flatMap((row) =>
    rowsOf(at(row, "map", "elem")).map((element) => JSON.stringify(element))
  )
}

/** Every trace of the daemon whose folders lie in `folder`; its own processes are left out. */
export const readTraces = async (folder: string): Promise<Traces> => {
  const mark = read(join(folder, "data/instance-id")).slice(0, 6)
  const daemon = Number(read(join(folder, "pid")))
  const own = new Set([daemon, Number(read(join(folder, "pid.supervisor")))])
  const links = rowsOf(
    await askJson("ip", "-j", "-d", "link", "show", "group", String(0x51_00_00_00 + Number.parseInt(mark, 16)))
  )
  const kindOf = (kind: string) =>
    links.filter((link) => textAt(link, "linkinfo", "info_kind") === kind).map((link) => textAt(link, "ifname"))
  const mounts = `${read("/proc/self/mountinfo")}${read(`/proc/${daemon}/mountinfo`)}`
  const layers = await listed(join(folder, "data/images/layers"))
  const volumes = await listed(join(folder, "data/volumes"))
  return {
    mounts: mounts.split("\n").filter((line) => line.includes(`${folder}/`)),
    namespaces: (await listed("/run/netns")).filter((name) => name.startsWith(`slk-${mark}-`)),
    veths: kindOf("veth"),
    bridges: kindOf("bridge"),
    publishedRules: await publishedRules(mark),
    cgroups: await cgroupChildren(mark),
    processes: processesNaming(folder, own),
    bundles: await listed(join(folder, "exec/bundles")),
    exits: await listed(join(folder, "exec/exits")),
    runtimeStates: await listed(join(folder, "exec/runtime")),
    execs: await listed(join(folder, "exec/execs")),
    containerFolders: (await listed(join(folder, "data/containers"))).filter((name) => name !== "empty"),
    volumeFolders: volumes.filter((name) => !name.startsWith(".")),
    drafts: [
      ...volumes.filter((name) => name.startsWith(".")),
      ...layers.filter((name) => name.startsWith(".")),
      ...(await listed(join(folder, "data/images/blobs/drafts")))
    ],
    content: [
      ...(await listed(join(folder, "data/images/blobs/sha256"))),
      ...(await listed(join(folder, "data/images/layers/l"))),
      ...layers.filter((name) => name !== "l" && !name.startsWith("."))
    ]
  }
}
