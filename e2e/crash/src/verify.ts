import { readFile } from "node:fs/promises"
import { isDeepStrictEqual } from "node:util"
import { until } from "@sockerless/e2e-kit"
import { at, expectCall, type Json, jsonOf, numberAt, rowsOf, textAt, Violation } from "./api.ts"
import { checkCounting, linesOf } from "./counting.ts"
import { fixedFacts, learn, nameOf, refOf, type Status, steadyFacts, type Tracked } from "./tracked.ts"
import type { Thing, World } from "./world.ts"

const show = (values: Iterable<unknown>): string => [...values].join(" or ")

/** The paths at which two values differ. */
const differences = (before: Json | undefined, now: Json | undefined, path = ""): ReadonlyArray<string> => {
  if (isDeepStrictEqual(before, now)) return []
  const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
    typeof value === "object" && value !== null && !Array.isArray(value)
  if (!isMap(before) || !isMap(now)) return [`${path}: ${JSON.stringify(before)} became ${JSON.stringify(now)}`]
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) =>
    differences(before[key], now[key], `${path}.${key}`)
  )
}

const wrong = (tracked: Tracked, text: string): never => {
  throw new Violation(
    `container ${nameOf(tracked)} (${tracked.kind.label}, ${tracked.id?.slice(0, 12) ?? "no id"}): ${text}`
  )
}

/** It removed itself, so its tombstone must tell the code; after an explicit rm there is none. */
const checkAbsent = async (world: World, tracked: Tracked): Promise<void> => {
  if (!tracked.statuses.has("absent")) wrong(tracked, `is gone, it must be ${show(tracked.statuses)}`)
  const { endsWith, autoRemove } = tracked.kind
  if (autoRemove !== true || tracked.id === undefined || tracked.removalAsked) return
  const answer = await world.api.call("POST", `/containers/${tracked.id}/wait`)
  if (answer.status !== 200) wrong(tracked, `removed itself, and wait answers ${answer.status}`)
  const code = numberAt(jsonOf(answer), "StatusCode")
  if (code !== endsWith) wrong(tracked, `removed itself, and wait tells ${code}, right is ${endsWith}`)
}

const checkRun = (tracked: Tracked, inspect: Json, status: Status): void => {
  const pid = numberAt(inspect, "State", "Pid")
  if (status === "running" || status === "paused") {
    if (tracked.pid !== undefined && pid !== tracked.pid && tracked.kind.endsWith === undefined) {
      wrong(tracked, `runs as ${pid}, it must be ${tracked.pid}`)
    }
    return
  }
  if (status !== "exited") return
  const code = numberAt(inspect, "State", "ExitCode")
  if (!tracked.exitCodes.has(code)) wrong(tracked, `ended with ${code}, right is ${show(tracked.exitCodes)}`)
}

const movesByItself = (tracked: Tracked, status: Status): boolean =>
  tracked.kind.endsWith !== undefined && textAt(tracked.known, "State", "Status") !== status

const checkPresent = (tracked: Tracked, inspect: Json): void => {
  const status = textAt(inspect, "State", "Status") as Status
  if (!tracked.statuses.has(status)) wrong(tracked, `is ${status}, it must be ${show(tracked.statuses)}`)
  const name = textAt(inspect, "Name").slice(1)
  if (!tracked.names.has(name)) wrong(tracked, `is called ${name}, it must be ${show(tracked.names)}`)
  if (tracked.fixed !== undefined) {
    const changed = differences(tracked.fixed, fixedFacts(inspect))
    if (changed.length > 0) wrong(tracked, `has changed: ${changed.join("; ")}`)
  }
  checkRun(tracked, inspect, status)
  if (tracked.known === undefined || movesByItself(tracked, status) || tracked.kind.restarts === true) return
  const changed = differences(steadyFacts(tracked.known), steadyFacts(inspect))
  if (changed.length > 0) wrong(tracked, `has changed: ${changed.join("; ")}`)
}

/** What was found settles what was open. */
const settle = (tracked: Tracked, inspect: Json): void => {
  const status = textAt(inspect, "State", "Status") as Status
  learn(tracked, inspect)
  tracked.runs.least = tracked.runs.most
  if (tracked.kind.endsWith === undefined) {
    tracked.statuses = new Set([status])
    return
  }
  if (status !== "running")
    tracked.statuses = new Set(tracked.kind.restarts === true ? ["running", "restarting"] : [status])
  if (tracked.kind.restarts === true && status === "created") tracked.statuses = new Set(["created"])
}

const checkCounter = async (world: World, tracked: Tracked): Promise<void> => {
  const path = `/containers/${refOf(tracked)}/logs?stdout=1&stderr=1`
  const { body } = await expectCall(world.api, [200], "GET", path)
  const lines = linesOf(body)
  checkCounting(nameOf(tracked), lines, tracked.runs)
  if (textAt(tracked.known, "State", "Status") !== "running") return
  await until(
    `${nameOf(tracked)} goes on counting`,
    async () => {
      const now = linesOf((await expectCall(world.api, [200], "GET", path)).body)
      return now.length > lines.length ? true : undefined
    },
    60_000
  )
}

/** A published port leads into the container. */
const checkPort = async (tracked: Tracked): Promise<void> => {
  const bindings = rowsOf(at(tracked.known, "NetworkSettings", "Ports", "8080/tcp"))
  const port = textAt(bindings[0], "HostPort")
  if (port === "") wrong(tracked, "runs without its published port")
  await until(
    `the published port ${port} of ${nameOf(tracked)} answers`,
    async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/hostname`).then(
        (response) => response.text(),
        () => ""
      )
      return answer.trim() === tracked.id?.slice(0, 12) ? true : undefined
    },
    30_000
  )
}

/** The interfaces in the container are those its record tells. */
const checkInterfaces = async (world: World, tracked: Tracked): Promise<void> => {
  await until(
    `${nameOf(tracked)} has the interfaces that its record tells`,
    async () => {
      const inspect = jsonOf(await expectCall(world.api, [200], "GET", `/containers/${refOf(tracked)}/json`))
      const networks = Object.values(
        (at(inspect, "NetworkSettings", "Networks") ?? {}) as { readonly [name: string]: Json }
      )
      const told = networks.filter((network) => textAt(network, "IPAddress") !== "").length
      const devices = await readFile(`/proc/${numberAt(inspect, "State", "Pid")}/net/dev`, "utf8")
      return (devices.match(/^\s*eth\d+:/gm) ?? []).length === told ? true : undefined
    },
    30_000
  )
}

/** The truth about a container; what ends and removes itself is seen between the two for a moment. */
const look = async (world: World, tracked: Tracked) => {
  const isPassing = (inspect: Json) =>
    tracked.kind.autoRemove === true && ["exited", "removing"].includes(textAt(inspect, "State", "Status"))
  return until(
    `${nameOf(tracked)} is gone after its end`,
    async () => {
      const answer = await expectCall(world.api, [200, 404], "GET", `/containers/${refOf(tracked)}/json`)
      return answer.status === 200 && isPassing(jsonOf(answer)) ? undefined : answer
    },
    30_000
  )
}

const checkContainer = async (world: World, tracked: Tracked, listed: ReadonlySet<string>): Promise<void> => {
  const answer = await look(world, tracked)
  const id = answer.status === 200 ? textAt(jsonOf(answer), "Id") : tracked.id
  if (answer.status === 404) {
    await checkAbsent(world, tracked)
    world.containers.delete(tracked)
    return
  }
  if (tracked.statuses.size === 1 && tracked.statuses.has("absent")) wrong(tracked, "is there after its removal")
  const isShort = tracked.kind.autoRemove === true
  if (!listed.has(id ?? "") && !isShort) wrong(tracked, "is not in the list")
  checkPresent(tracked, jsonOf(answer))
  settle(tracked, jsonOf(answer))
  const isRunning = textAt(tracked.known, "State", "Status") === "running"
  if (tracked.kind.counts && tracked.kind.restarts !== true) await checkCounter(world, tracked)
  if (tracked.kind.serves === true && isRunning) await checkPort(tracked)
  if (tracked.kind.counts && isRunning) await checkInterfaces(world, tracked)
}

const checkThings = (what: string, things: Set<Thing>, found: ReadonlySet<string>): void => {
  for (const thing of things) {
    const present = found.has(thing.name)
    if (!thing.present.has(present)) {
      throw new Violation(`${what} ${thing.name} is ${present ? "there after its removal" : "gone"}`)
    }
    if (present) thing.present = new Set([true])
    else things.delete(thing)
  }
}

const listNames = async (world: World, path: string, pick: (json: Json) => ReadonlyArray<string>) =>
  new Set(pick(jsonOf(await expectCall(world.api, [200], "GET", path))))

/** Compares everything acknowledged with what the daemon says now, and settles what was open. */
export const verify = async (world: World): Promise<void> => {
  const rows = rowsOf(jsonOf(await expectCall(world.api, [200], "GET", "/containers/json?all=1")))
  const listed = new Set(rows.map((row) => textAt(row, "Id")))
  await Promise.all([...world.containers].map((tracked) => checkContainer(world, tracked, listed)))
  const ours = new Set([...world.containers].map((tracked) => tracked.id))
  const now = rowsOf(jsonOf(await expectCall(world.api, [200], "GET", "/containers/json?all=1")))
  const strange = now.filter((row) => !ours.has(textAt(row, "Id")))
  if (strange.length > 0) throw new Violation(`nobody asked for these containers: ${JSON.stringify(strange)}`)
  const nameAt = (json: Json) => rowsOf(json).map((row) => textAt(row, "Name"))
  checkThings("network", world.networks, await listNames(world, "/networks", nameAt))
  checkThings(
    "volume",
    world.volumes,
    await listNames(world, "/volumes", (json) => nameAt(at(json, "Volumes") ?? null))
  )
  const tags = (json: Json) => rowsOf(json).flatMap((row) => rowsOf(at(row, "RepoTags")).map(String))
  checkThings("image", world.images, await listNames(world, "/images/json", tags))
}
