import { setTimeout as sleep } from "node:timers/promises"
import {
  becomesHealthy,
  copy,
  create,
  exec,
  kill,
  logs,
  pause,
  remove,
  rename,
  restart,
  start,
  stop,
  unpause,
  update,
  wait
} from "./container-actions.ts"
import {
  connect,
  createNetwork,
  createVolume,
  disconnect,
  inspectImage,
  load,
  pullImage,
  removeImage,
  removeNetwork,
  removeVolume,
  tag
} from "./thing-actions.ts"
import type { Kind } from "./tracked.ts"
import type { Actor } from "./world.ts"

/** A story that one client lives through; a crash may end it at any word. */
export type Scenario = (actor: Actor) => Promise<void>

const counter: Kind = { label: "counter", counts: true }
const server: Kind = { label: "server", counts: true, serves: true }

const lifecycle: Scenario = async (actor) => {
  const tracked = await create(actor, counter)
  await start(actor, tracked)
  await exec(actor, tracked)
  await copy(actor, tracked)
  await pause(actor, tracked)
  await unpause(actor, tracked)
  await rename(actor, tracked)
  await update(actor, tracked)
  await restart(actor, tracked)
  await stop(actor, tracked)
  await copy(actor, tracked)
  await logs(actor, tracked)
  await start(actor, tracked)
  await kill(actor, tracked)
  await remove(actor, tracked)
}

const short: Scenario = async (actor) => {
  const tracked = await create(actor, { label: "short", counts: false, endsWith: actor.random.between(1, 4) })
  await start(actor, tracked)
  await wait(actor, tracked)
  await remove(actor, tracked)
}

const runRemoved: Scenario = async (actor) => {
  const kind = { label: "run --rm", counts: false, endsWith: actor.random.between(1, 4), autoRemove: true }
  const tracked = await create(actor, kind)
  // As `docker run` does it: the wait stands before the start.
  const [waited, started] = await Promise.allSettled([
    wait(actor, tracked, "?condition=removed"),
    start(actor, tracked)
  ])
  for (const result of [started, waited]) if (result.status === "rejected") throw result.reason
}

const policy: Scenario = async (actor) => {
  const tracked = await create(actor, { label: "restarting", counts: false, endsWith: 1, restarts: true })
  await start(actor, tracked)
  await sleep(400)
  await remove(actor, tracked)
}

const ports: Scenario = async (actor) => {
  const tracked = await create(actor, server)
  await start(actor, tracked)
  await remove(actor, tracked)
}

const networks: Scenario = async (actor) => {
  const first = await createNetwork(actor)
  const second = await createNetwork(actor)
  const tracked = await create(actor, counter, { HostConfig: { NetworkMode: first.name } })
  await start(actor, tracked)
  await connect(actor, second, tracked)
  await disconnect(actor, second, tracked)
  await remove(actor, tracked)
  await removeNetwork(actor, first)
  await removeNetwork(actor, second)
}

const volumes: Scenario = async (actor) => {
  const volume = await createVolume(actor)
  const tracked = await create(actor, counter, {
    Volumes: { "/home": {} },
    HostConfig: { Binds: [`${volume.name}:/data`] }
  })
  await start(actor, tracked)
  await exec(actor, tracked)
  await remove(actor, tracked)
  await removeVolume(actor, volume)
}

const images: Scenario = async (actor) => {
  const image = await load(actor)
  await inspectImage(actor, image)
  const other = await tag(actor, image)
  await removeImage(actor, image)
  await inspectImage(actor, other)
  await removeImage(actor, other)
}

const health: Scenario = async (actor) => {
  const tracked = await create(actor, counter, {
    Healthcheck: { Test: ["CMD", "true"], Interval: 200_000_000, Timeout: 20_000_000_000, Retries: 1000 }
  })
  await start(actor, tracked)
  await becomesHealthy(actor, tracked)
  await remove(actor, tracked)
}

const pull: Scenario = async (actor) => {
  if (actor.world.registry === undefined) return sleep(100)
  const image = await pullImage(actor, actor.world.registry)
  await inspectImage(actor, image)
  await removeImage(actor, image)
}

/** Every story there is. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  lifecycle,
  short,
  runRemoved,
  policy,
  ports,
  networks,
  volumes,
  images,
  health,
  pull
}

/** Kill points by the stories that pass them; the first that fits. */
const passedIn: ReadonlyArray<readonly [RegExp, ReadonlyArray<Scenario>]> = [
  [/^images\.pull/, [pull]],
  [/^images\./, [images]],
  [/restart-policy/, [policy]],
  [/health/, [health]],
  [/recovery|recover/, [short, networks, lifecycle]],
  [/network-|network\.(connect|disconnect|bridge)|local\.endpoints/, [networks]],
  [/volume/, [volumes]],
  [/firewall/, [ports]],
  [/exit/, [runRemoved, short]],
  [/pause|resume|update|rename|exec|start|launch|stop|kill|record/, [lifecycle]]
]

/** The stories in which a kill point is passed. */
export const scenariosFor = (point: string): ReadonlyArray<Scenario> =>
  passedIn.find(([pattern]) => pattern.test(point))?.[1] ?? [short, networks, lifecycle]

/** Points to die at before, so that there is something to recover from. */
export const firstPointsOf = (point: string): ReadonlyArray<string> => {
  if (point === "engine.recovery.before-roll-back") return ["engine.create.after-intent"]
  return point === "engine.recovery.before-removal" ? ["engine.remove.after-intent"] : []
}

/** Containers that live through everything: nobody touches them. */
export const startVeterans = async (actor: Actor): Promise<void> => {
  const network = await createNetwork(actor)
  for (const more of [{}, { HostConfig: { NetworkMode: "none" } }, { HostConfig: { NetworkMode: network.name } }]) {
    await start(actor, await create(actor, counter, more))
  }
  await start(actor, await create(actor, server))
  await start(actor, await create(actor, { label: "always", counts: true, restarts: true }))
  await create(actor, counter)
  const paused = await create(actor, counter)
  await start(actor, paused)
  await pause(actor, paused)
  const ended = await create(actor, { label: "ended", counts: false, endsWith: 3 })
  await start(actor, ended)
  await wait(actor, ended)
}
