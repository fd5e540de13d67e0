import { setTimeout as sleep } from "node:timers/promises"
import {
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
  await pause(actor, tracked)
  await unpause(actor, tracked)
  await rename(actor, tracked)
  await update(actor, tracked)
  await restart(actor, tracked)
  await stop(actor, tracked)
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
  await start(actor, tracked)
  await wait(actor, tracked)
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

/** Every story there is. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  lifecycle,
  short,
  runRemoved,
  policy,
  ports,
  networks,
  volumes,
  images
}

/** The stories in which a kill point is passed. */
export const scenariosFor = (point: string): ReadonlyArray<Scenario> => {
  if (point.startsWith("images.")) return [images]
  if (/network-|network\.connect|network\.bridge|local\.endpoints/.test(point)) return [networks]
  if (/volume/.test(point)) return [volumes]
  if (/pause|update|exec|start|launch/.test(point)) return [lifecycle]
  if (/firewall/.test(point)) return [ports]
  if (/exit/.test(point)) return [runRemoved, short]
  return [short, networks, lifecycle]
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
