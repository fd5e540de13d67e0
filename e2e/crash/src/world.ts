import type { Api } from "./api.ts"
import type { Random } from "./random.ts"
import type { Tracked } from "./tracked.ts"

/** A network, a volume or an image reference: there, not there, or both while a call is open. */
export interface Thing {
  readonly name: string
  present: ReadonlySet<boolean>
}

/** Everything that clients of this daemon may rely on. */
export interface World {
  readonly api: Api
  readonly containers: Set<Tracked>
  readonly networks: Set<Thing>
  readonly volumes: Set<Thing>
  readonly images: Set<Thing>
  /** Address of a registry that holds an image for each actor; undefined where no registry is installed. */
  registry: string | undefined
  /** A folder of the host that containers may bind. */
  readonly shared: string
  /** A number that no other name has. */
  readonly serial: () => number
  /** Differs from life to life of the daemon. */
  readonly life: () => number
}

/** One client that does one thing at a time. */
export interface Actor {
  readonly world: World
  readonly name: string
  readonly random: Random
  /** Its own containers; nobody else touches them. */
  readonly mine: Set<Tracked>
}

/** A world in which nothing was asked for yet. */
export const makeWorld = (api: Api, shared: string, life: () => number): World => {
  let serial = 0
  return {
    api,
    containers: new Set(),
    networks: new Set(),
    volumes: new Set(),
    images: new Set(),
    registry: undefined,
    shared,
    serial: () => (serial += 1),
    life
  }
}

/** Does a call that makes or takes away a thing; when it is lost both stay possible. */
export const change = async (things: Set<Thing>, thing: Thing, present: boolean, act: () => Promise<unknown>) => {
  things.add(thing)
  thing.present = new Set([...thing.present, present])
  await act()
  thing.present = new Set([present])
  if (!present) things.delete(thing)
}
