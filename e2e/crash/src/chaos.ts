import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { busyboxArchive, startRegistry } from "@sockerless/e2e-kit"
import { killpointNames } from "@sockerless/killpoints"
import { expectCall, Lost, makeApi } from "./api.ts"
import { remove } from "./container-actions.ts"
import { checkBare, checkLeftovers } from "./leftovers.ts"
import { makeRandom, type Random } from "./random.ts"
import { firstPointsOf, scenarios, scenariosFor, type Scenario, startVeterans } from "./scenarios.ts"
import { discardThings, fillRegistry, removeImage, removeNetwork, removeVolume } from "./thing-actions.ts"
import { verify } from "./verify.ts"
import { Victim } from "./victim.ts"
import { type Actor, makeWorld, type World } from "./world.ts"

/** How much of it. */
export interface ChaosOptions {
  readonly seed: number
  /** SIGKILLs at random moments. */
  readonly kills: number
  /** Kill points to die at, each at its first pass. */
  readonly points: ReadonlyArray<string>
  /** Kill points to die at once more, at a later pass. */
  readonly again: ReadonlyArray<string>
  /** No new round begins after this long; on a busy machine a run is shorter, never endless. */
  readonly withinMillis: number
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

/** Without one, pulls are left out. */
const hasRegistry = () => ["/usr/bin/docker-registry", "/usr/bin/registry"].some((path) => existsSync(path))

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

/** Actors live their stories while `body` strikes; then everything stands still, also when a promise was broken. */
const during = async (
  actors: ReadonlyArray<Actor>,
  stories: ReadonlyArray<Scenario>,
  body: () => Promise<void>
): Promise<void> => {
  const all = { over: false }
  const live = async (actor: Actor) => {
    let going = true
    while (going && !all.over) {
      going = await unlessLost(async () => {
        await tidy(actor, KEPT)
        await actor.random.pick(stories)(actor)
      })
    }
  }
  const struck = body().finally(() => {
    all.over = true
  })
  const results = await Promise.allSettled([...actors.map(live), struck])
  for (const result of results) if (result.status === "rejected") throw result.reason
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

const POINT_MILLIS = 60_000

const pointRound = async (
  victim: Victim,
  actors: ReadonlyArray<Actor>,
  point: string,
  nth: number
): Promise<boolean> => {
  await victim.arm([...firstPointsOf(point), point], nth)
  await during(actors, scenariosFor(point), async () => {
    const end = performance.now() + POINT_MILLIS
    while (!victim.struck(point) && performance.now() < end) await sleep(5)
    await victim.ready()
  })
  victim.disarm()
  return victim.struck(point)
}

const removeAll = async (actor: Actor): Promise<void> => {
  const { world } = actor
  for (const tracked of world.containers) await remove(actor, tracked)
  for (const network of world.networks) await removeNetwork(actor, network)
  for (const volume of world.volumes) await removeVolume(actor, volume)
  for (const image of world.images) await removeImage(actor, image)
  await expectCall(world.api, [200], "DELETE", "/images/busybox:latest")
}

const median = (values: ReadonlyArray<number>): number =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0)

/** Everything a run works with. */
interface Run {
  readonly options: ChaosOptions
  readonly random: Random
  readonly victim: Victim
  readonly world: World
  readonly keeper: Actor
  readonly actors: ReadonlyArray<Actor>
  readonly pointsHit: Set<string>
  readonly pointsMissed: Set<string>
  readonly isTimeLeft: () => boolean
  readonly compare: () => Promise<void>
}

const prepare = async (run: Run, registry: string | undefined): Promise<void> => {
  const { actors, keeper, world } = run
  await expectCall(world.api, [200], "POST", "/images/load", await busyboxArchive())
  if (registry !== undefined) {
    const names = actors.map((actor) => actor.name)
    await fillRegistry(keeper, registry, names)
    world.registry = registry
  }
  await startVeterans(keeper)
}

const points = async (run: Run): Promise<void> => {
  const { actors, options, random, victim, world } = run
  const reachable = options.points.filter((point) => world.registry !== undefined || !point.startsWith("images.pull."))
  for (const [index, point] of reachable.entries()) {
    if (!run.isTimeLeft()) return
    const hit = await pointRound(victim, actors, point, 1)
    const verdict = hit ? run.pointsHit : run.pointsMissed
    verdict.add(point)
    options.say(`point ${index + 1} of ${reachable.length}: ${point} ${hit ? "hit" : "NOT HIT"}`)
    await run.compare()
  }
  for (const point of options.again) {
    if (!run.isTimeLeft()) return
    const nth = random.between(2, 5)
    const hit = await pointRound(victim, actors, point, nth)
    options.say(`again at ${point}, pass ${nth}${hit ? "" : ", which did not come"}`)
    await run.compare()
  }
}

const randomKills = async (run: Run): Promise<void> => {
  const { actors, options, random, victim } = run
  for (let round = 1; round <= options.kills && run.isTimeLeft(); round += 1) {
    await randomRound(victim, actors, random)
    const millis = Math.round(victim.recoveries.at(-1) ?? 0)
    options.say(`round ${round} of ${options.kills}: ready again after ${millis} ms`)
    await run.compare()
  }
}

const makeRun = async (options: ChaosOptions): Promise<Run> => {
  const random = makeRandom(options.seed)
  const victim = await Victim.start()
  const shared = join(victim.daemon.folder, "shared")
  mkdirSync(shared)
  const world = makeWorld(makeApi(victim.daemon.socket), shared, () => victim.life)
  const compare = async () => {
    await verify(world)
    await checkLeftovers(world, victim.daemon.folder)
  }
  const keeper = makeActor(world, random.fork(), "keeper")
  const actors = Array.from({ length: ACTORS }, (_, index) => makeActor(world, random.fork(), `actor${index}`))
  const end = performance.now() + options.withinMillis
  const isTimeLeft = () => performance.now() < end
  const verdicts = { pointsHit: new Set<string>(), pointsMissed: new Set<string>() }
  return { options, random, victim, world, keeper, actors, ...verdicts, isTimeLeft, compare }
}

/** Kills the daemon as told, compares after each restart, and gives the figures; the first broken promise ends it. */
export const chaos = async (options: ChaosOptions): Promise<ChaosReport> => {
  const registry = hasRegistry() ? await startRegistry() : undefined
  const run = await makeRun(options)
  const { victim } = run
  try {
    await prepare(run, registry?.address)
    await randomKills(run)
    await points(run)
    await removeAll(run.keeper)
    await verify(run.world)
    await checkBare(run.world, victim.daemon.folder)
  } catch (error) {
    options.say(`seed ${options.seed}: ${String(error)}\nthe daemon said at last:\n${victim.daemon.log().slice(-6000)}`)
    throw error
  } finally {
    // A daemon that cannot be ended must not hide what was found before.
    await victim.end().catch((error: unknown) => options.say(`the end of the daemon: ${String(error)}`))
    await registry?.stop()
  }
  return {
    seed: options.seed,
    kills: victim.kills,
    pointsHit: [...run.pointsHit],
    pointsMissed: [...run.pointsMissed],
    pointsKnown: killpointNames.length,
    recoveryMillis: { median: median(victim.recoveries), max: Math.round(Math.max(0, ...victim.recoveries)) }
  }
}
