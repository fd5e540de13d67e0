import { makeImage } from "@sockerless/e2e-kit"
import { expectCall, textAt, jsonOf, Violation } from "./api.ts"
import { refOf, type Tracked } from "./tracked.ts"
import { type Actor, change, type Thing } from "./world.ts"

const newThing = (name: string): Thing => ({ name, present: new Set([false]) })

/** `docker network create`. */
export const createNetwork = async ({ name, world }: Actor): Promise<Thing> => {
  const network = newThing(`net-${name}-${world.serial()}`)
  await change(world.networks, network, true, () =>
    expectCall(world.api, [201], "POST", "/networks/create", { Name: network.name, Driver: "bridge" })
  )
  return network
}

/** `docker network rm`. */
export const removeNetwork = ({ world }: Actor, network: Thing): Promise<void> =>
  change(world.networks, network, false, () => expectCall(world.api, [204], "DELETE", `/networks/${network.name}`))

const attach = async (actor: Actor, verb: "connect" | "disconnect", network: Thing, tracked: Tracked) => {
  tracked.known = undefined
  await expectCall(actor.world.api, [200], "POST", `/networks/${network.name}/${verb}`, { Container: refOf(tracked) })
}

/** `docker network connect`. */
export const connect = (actor: Actor, network: Thing, tracked: Tracked): Promise<void> =>
  attach(actor, "connect", network, tracked)

/** `docker network disconnect`. */
export const disconnect = (actor: Actor, network: Thing, tracked: Tracked): Promise<void> =>
  attach(actor, "disconnect", network, tracked)

/** `docker volume create`. */
export const createVolume = async ({ name, world }: Actor): Promise<Thing> => {
  const volume = newThing(`vol-${name}-${world.serial()}`)
  await change(world.volumes, volume, true, () =>
    expectCall(world.api, [201], "POST", "/volumes/create", { Name: volume.name })
  )
  return volume
}

/** `docker volume rm`. */
export const removeVolume = ({ world }: Actor, volume: Thing): Promise<void> =>
  change(world.volumes, volume, false, () => expectCall(world.api, [204], "DELETE", `/volumes/${volume.name}`))

/** `docker load` of an image that no other load has. */
export const load = async ({ name, world }: Actor): Promise<Thing> => {
  const image = newThing(`img-${name}-${world.serial()}:latest`)
  const archive = await makeImage({
    tag: image.name,
    layers: [[{ path: "what", content: Buffer.alloc(200_000, image.name) }], [{ path: "more", content: image.name }]],
    config: { Cmd: ["none"] }
  })
  await change(world.images, image, true, async () => {
    const answer = await expectCall(world.api, [200], "POST", "/images/load", archive)
    if (!answer.body.toString().includes(`Loaded image: ${image.name}`)) {
      throw new Violation(`load of ${image.name} said ${answer.body.toString().slice(0, 300)}`)
    }
  })
  return image
}

/** Puts an image for each of these clients into the registry. */
export const fillRegistry = async (actor: Actor, registry: string, clients: ReadonlyArray<string>): Promise<void> => {
  for (const client of clients) {
    const image = await load(actor)
    const repository = `${registry}/pulled-${client}-by`
    await expectCall(actor.world.api, [201], "POST", `/images/${image.name}/tag?repo=${repository}&tag=latest`)
    const pushed = await expectCall(actor.world.api, [200], "POST", `/images/${repository}/push?tag=latest`)
    if (pushed.body.includes('"error"')) throw new Violation(`push said ${pushed.body.toString().slice(0, 500)}`)
    await expectCall(actor.world.api, [200], "DELETE", `/images/${repository}:latest`)
    await removeImage(actor, image)
  }
}

/** `docker pull` of this client's image. */
export const pullImage = async ({ name, world }: Actor, registry: string): Promise<Thing> => {
  const repository = `${registry}/pulled-${name}-by`
  const known = [...world.images].find((one) => one.name === `${repository}:latest`)
  const image = known ?? newThing(`${repository}:latest`)
  await change(world.images, image, true, async () => {
    const path = `/images/create?fromImage=${encodeURIComponent(repository)}&tag=latest`
    const answer = await expectCall(world.api, [200], "POST", path)
    if (answer.body.includes('"error"')) throw new Violation(`pull said ${answer.body.toString().slice(0, 500)}`)
  })
  return image
}

/** `docker tag`. */
export const tag = async ({ name, world }: Actor, source: Thing): Promise<Thing> => {
  const repository = `img-${name}-${world.serial()}`
  const image = newThing(`${repository}:latest`)
  await change(world.images, image, true, () =>
    expectCall(world.api, [201], "POST", `/images/${source.name}/tag?repo=${repository}&tag=latest`)
  )
  return image
}

/** `docker rmi`. */
export const removeImage = ({ world }: Actor, image: Thing): Promise<void> =>
  change(world.images, image, false, () => expectCall(world.api, [200], "DELETE", `/images/${image.name}`))

/** Takes away what this client's interrupted stories left; what its living containers use is refused and stays. */
export const discardThings = async ({ name, world }: Actor): Promise<void> => {
  const kinds = [
    { things: world.networks, path: "/networks/", refused: 403 },
    { things: world.volumes, path: "/volumes/", refused: 409 },
    { things: world.images, path: "/images/", refused: 409 }
  ]
  for (const { things, path, refused } of kinds) {
    for (const thing of [...things].filter((one) => one.name.includes(`-${name}-`))) {
      thing.present = new Set([true, false])
      const answer = await expectCall(world.api, [200, 204, refused], "DELETE", `${path}${thing.name}`)
      thing.present = new Set([answer.status === refused])
      if (answer.status !== refused) things.delete(thing)
    }
  }
}

/** `docker inspect` of an image that must be whole. */
export const inspectImage = async ({ world }: Actor, image: Thing): Promise<void> => {
  const answer = await expectCall(world.api, [200], "GET", `/images/${image.name}/json`)
  if (textAt(jsonOf(answer), "Id") === "") throw new Violation(`image ${image.name} has no id`)
}
