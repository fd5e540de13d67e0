import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { busyboxArchive } from "@sockerless/e2e-kit"
import { killpointNames } from "@sockerless/killpoints"
import { expectCall, Lost, makeApi } from "./api.ts"
import { remove } from "./container-actions.ts"
import { checkLeftovers } from "./leftovers.ts"
import { makeRandom, type Random } from "./random.ts"
import { scenarios, scenariosFor, type Scenario, startVeterans } from "./scenarios.ts"
import { discardThings, removeImage, removeNetwork, removeVolume } from "./thing-actions.ts"
import { verify } from "./verify.ts"
import { Victim } from "./victim.ts"
import { type Actor, makeWorld, type World } from "./world.ts"

/** How much of it. */
export interface ChaosOptions {
  readonly seed: number
  /** SIGKILLs at random moments. */
  readonly kills: number
  readonly points: ReadonlyArray<string>
  readonly say: (line: string) => void
}

/** What a run found. */
export interface ChaosReport {
  readonly seed: number
  readonly kills: number
  readonly pointsHit: ReadonlyArray<string>
  readonly pointsMissed: ReadonlyArray<string>
  readonly pointsKnown: number
  readonly recoveryMillis: { readonly median: number; readonly max: number }
}

const ACTORS = 3
/** Leftovers of interrupted stories that one actor carries on, to be looked at after later kills too. */
const KEPT = 2

const makeActor = (world: World, random: Random, name: string): Actor => ({ world, name, random, mine: new Set() })

/** Takes away what interrupted stories left, but for a few. */
const tidy = async (actor: Actor, kept: number): Promise<void> => {
  for (const tracked of actor.mine) if (!actor.world.containers.has(tracked)) actor.mine.delete(tracked)
  for (const tracked of [...actor.mine].slice(0, Math.max(0, actor.mine.size - kept))) await remove(actor, tracked)
  await discardThings(actor)
}

const unlessLost = async (act: () => Promise<void>): Promise<boolean> => {
  try {
    await act()
    return true
  } catch (error) {
    if (error instanceof Lost) return false
    throw error
  }
}

/** Actors live their stories while `body` strikes; then everything stands still. */
const during = async (
  actors: ReadonlyArray<Actor>,
  stories: ReadonlyArray<Scenario>,
  body: (isIdle: () => boolean) => Promise<void>
) => {
  const all = { over: false }
  let active = actors.length
  const live = async (actor: Actor) => {
    let going = true
    while (going && !all.over) {
      going = await unlessLost(async () => {
        await tidy(actor, KEPT)
        await actor.random.pick(stories)(actor)
      })
    }
    active -= 1
  }
  const lives = actors.map(live)
  const struck = body(() => active === 0).finally(() => {
    all.over = true
  })
  await Promise.all([...lives, struck])
}

const randomRound = async (victim: Victim, actors: ReadonlyArray<Actor>, random: Random) => {
  const more = random.chance(0.25)
    ? [random.between(20, 300), ...(random.chance(0.3) ? [random.between(20, 300)] : [])]
    : []
  await during(actors, Object.values(scenarios), async () => {
    await sleep(random.between(20, 900))
    if (random.chance(0.15)) await victim.killAndHold(() => sleep(random.between(300, 900)))
    else await victim.kill(more)
  })
}

const POINT_MILLIS = 20_000

const pointRound = async (
  victim: Victim,
  actors: ReadonlyArray<Actor>,
  point: string,
  nth: number
): Promise<boolean> => {
  await victim.arm(point, nth)
  await during(actors, scenariosFor(point), async () => {
    const end = performance.now() + POINT_MILLIS
    while (!victim.struck && performance.now() < end) await sleep(5)
    await victim.ready()
  })
  return victim.disarm()
}

const removeAll = async (actor: Actor): Promise<void> => {
  const { world } = actor
  for (const tracked of world.containers) await remove(actor, tracked)
  for (const network of world.networks) await removeNetwork(actor, network)
  for (const volume of world.volumes) await removeVolume(actor, volume)
  for (const image of world.images) await removeImage(actor, image)
}

const median = (values: ReadonlyArray<number>): number =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0)

/** Kills the daemon as told, compares after each restart, and gives the figures; the first broken promise ends it. */
export const chaos = async (options: ChaosOptions): Promise<ChaosReport> => {
  const random = makeRandom(options.seed)
  const victim = await Victim.start()
  const shared = join(victim.daemon.folder, "shared")
  mkdirSync(shared)
  const world = makeWorld(makeApi(victim.daemon.socket), shared, () => victim.life)
  const compare = async () => {
    await verify(world)
    await checkLeftovers(world, victim.daemon.folder)
  }
  const pointsHit: Array<string> = []
  const pointsMissed: Array<string> = []
  try {
    await expectCall(world.api, [200], "POST", "/images/load", await busyboxArchive())
    const keeper = makeActor(world, random.fork(), "keeper")
    await startVeterans(keeper)
    const actors = Array.from({ length: ACTORS }, (_, index) => makeActor(world, random.fork(), `actor${index}`))
    for (const [index, point] of options.points.entries()) {
      const hit = await pointRound(victim, actors, point, 1)
      ;(hit ? pointsHit : pointsMissed).push(point)
      options.say(`point ${index + 1} of ${options.points.length}: ${point} ${hit ? "hit" : "NOT HIT"}`)
      await compare()
    }
    for (let round = 1; round <= options.kills; round += 1) {
      await randomRound(victim, actors, random)
      options.say(
        `round ${round} of ${options.kills}: ready again after ${Math.round(victim.recoveries.at(-1) ?? 0)} ms`
      )
      await compare()
    }
    await removeAll(keeper)
    await compare()
  } catch (error) {
    options.say(`seed ${options.seed}: ${String(error)}\nthe daemon said at last:\n${victim.daemon.log().slice(-6000)}`)
    throw error
  } finally {
    // A daemon that cannot be ended must not hide what was found before.
    await victim.end().catch((error: unknown) => options.say(`the end of the daemon: ${String(error)}`))
  }
  return {
    seed: options.seed,
    kills: victim.kills,
    pointsHit,
    pointsMissed,
    pointsKnown: killpointNames.length,
    recoveryMillis: { median: median(victim.recoveries), max: Math.round(Math.max(0, ...victim.recoveries)) }
  }
}
