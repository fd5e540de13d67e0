import { until } from "@sockerless/e2e-kit"
import { buffer } from "node:stream/consumers"
import { pack } from "tar-stream"
import { expectCall, jsonOf, type Json, Lost, numberAt, textAt, Violation } from "./api.ts"
import { checkCounting, linesOf } from "./counting.ts"
import { countingScript, type Kind, learn, makeTracked, nameOf, refOf, type Status, type Tracked } from "./tracked.ts"
import type { Actor, World } from "./world.ts"

/** Reads the truth after an acknowledged change; an ended auto-removed container has none. */
const refresh = async (world: World, tracked: Tracked): Promise<void> => {
  const answer = await expectCall(
    world.api,
    tracked.statuses.has("absent") ? [200, 404] : [200],
    "GET",
    `/containers/${refOf(tracked)}/json`
  )
  if (answer.status === 200) learn(tracked, jsonOf(answer))
}

/** Does a call that changes a container. While it is open, and when it is lost, both sides stay possible. */
const changing = async (
  world: World,
  tracked: Tracked,
  after: ReadonlyArray<Status>,
  act: () => Promise<unknown>
): Promise<void> => {
  tracked.statuses = new Set([...tracked.statuses, ...after])
  tracked.known = undefined
  await act()
  tracked.statuses = new Set(after)
  await refresh(world, tracked)
}

const bodyOf = (world: World, kind: Kind, more: Readonly<Record<string, Json>>) => {
  const script = kind.counts
    ? `${kind.serves === true ? "httpd -p 8080 -h /etc; " : ""}${countingScript}`
    : `sleep 0.${kind.endsWith ?? 1}; exit ${kind.endsWith ?? 0}`
  const hostConfig = {
    Init: false,
    AutoRemove: kind.autoRemove === true,
    Binds: [`${world.shared}:/shared`],
    ...(kind.restarts === true ? { RestartPolicy: { Name: "always" } } : {}),
    ...(kind.serves === true ? { PortBindings: { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] } } : {})
  }
  const { HostConfig: given, ...rest } = more
  return {
    Image: "busybox:latest",
    Cmd: ["sh", "-c", script],
    Labels: { kind: kind.label },
    Env: ["FACT=kept"],
    ...(kind.serves === true ? { ExposedPorts: { "8080/tcp": {} } } : {}),
    ...rest,
    HostConfig: { ...hostConfig, ...(typeof given === "object" ? given : {}) }
  }
}

/** `docker create`. */
export const create = async (actor: Actor, kind: Kind, more: Readonly<Record<string, Json>> = {}): Promise<Tracked> => {
  const { world } = actor
  const tracked = makeTracked(kind, `${actor.name}-${world.serial()}`)
  if (kind.endsWith !== undefined) tracked.exitCodes = new Set([kind.endsWith])
  world.containers.add(tracked)
  actor.mine.add(tracked)
  const path = `/containers/create?name=${nameOf(tracked)}`
  const made = jsonOf(await expectCall(world.api, [201], "POST", path, bodyOf(world, kind, more)))
  tracked.id = textAt(made, "Id")
  tracked.statuses = new Set(["created"])
  await refresh(world, tracked)
  return tracked
}

const runningStatuses = (kind: Kind): ReadonlyArray<Status> => {
  if (kind.restarts === true) return kind.counts ? ["running"] : ["running", "restarting"]
  if (kind.endsWith === undefined) return ["running"]
  return ["running", kind.autoRemove === true ? "absent" : "exited"]
}

/** `docker start`. */
export const start = async ({ world }: Actor, tracked: Tracked): Promise<void> => {
  tracked.pid = undefined
  tracked.runs.most += 1
  await changing(world, tracked, runningStatuses(tracked.kind), async () => {
    await expectCall(world.api, [204], "POST", `/containers/${refOf(tracked)}/start`)
    tracked.runs.least += 1
  })
}

const ended = (kind: Kind): ReadonlyArray<Status> => [kind.autoRemove === true ? "absent" : "exited"]

/** `docker stop`: the counters end with 7 when they are asked, with 137 when the grace is over. */
export const stop = async ({ world }: Actor, tracked: Tracked): Promise<void> => {
  tracked.exitCodes = new Set([7, 137])
  await changing(world, tracked, ended(tracked.kind), () =>
    expectCall(world.api, [204], "POST", `/containers/${refOf(tracked)}/stop?t=20`)
  )
}

/** `docker kill`. */
export const kill = async ({ world }: Actor, tracked: Tracked): Promise<void> => {
  tracked.exitCodes = new Set([137])
  await changing(world, tracked, ended(tracked.kind), () =>
    expectCall(world.api, [204], "POST", `/containers/${refOf(tracked)}/kill`)
  )
}

/** `docker restart`. */
export const restart = async ({ world }: Actor, tracked: Tracked): Promise<void> => {
  tracked.pid = undefined
  tracked.runs.most += 1
  tracked.exitCodes = new Set([7, 137])
  tracked.statuses = new Set([...tracked.statuses, "exited"])
  await changing(world, tracked, ["running"], async () => {
    await expectCall(world.api, [204], "POST", `/containers/${refOf(tracked)}/restart?t=20`)
    tracked.runs.least += 1
  })
}

/** `docker pause`. */
export const pause = ({ world }: Actor, tracked: Tracked): Promise<void> =>
  changing(world, tracked, ["paused"], () =>
    expectCall(world.api, [204], "POST", `/containers/${refOf(tracked)}/pause`)
  )

/** `docker unpause`. */
export const unpause = ({ world }: Actor, tracked: Tracked): Promise<void> =>
  changing(world, tracked, ["running"], () =>
    expectCall(world.api, [204], "POST", `/containers/${refOf(tracked)}/unpause`)
  )

/** `docker rename`. */
export const rename = async ({ name, world }: Actor, tracked: Tracked): Promise<void> => {
  const other = `${name}-${world.serial()}`
  tracked.names = new Set([...tracked.names, other])
  await changing(world, tracked, [...tracked.statuses], async () => {
    await expectCall(world.api, [204], "POST", `/containers/${refOf(tracked)}/rename?name=${other}`)
    tracked.names = new Set([other])
  })
}

/** `docker update`. */
export const update = ({ random, world }: Actor, tracked: Tracked): Promise<void> =>
  changing(world, tracked, [...tracked.statuses], () =>
    expectCall(world.api, [200], "POST", `/containers/${refOf(tracked)}/update`, {
      CpuShares: random.between(2, 1024)
    })
  )

/** `docker rm -f -v`. */
export const remove = async ({ mine, world }: Actor, tracked: Tracked): Promise<void> => {
  tracked.removalAsked = true
  tracked.statuses = new Set([...tracked.statuses, "absent", "exited"])
  tracked.exitCodes = new Set([...tracked.exitCodes, 137])
  tracked.known = undefined
  const allowed = tracked.kind.autoRemove === true ? [204, 404, 409] : [204]
  await expectCall(world.api, allowed, "DELETE", `/containers/${refOf(tracked)}?force=1&v=1`)
  tracked.statuses = new Set(["absent"])
  mine.delete(tracked)
}

/** `docker wait`. */
export const wait = async ({ world }: Actor, tracked: Tracked, condition = ""): Promise<void> => {
  const answer = await expectCall(world.api, [200], "POST", `/containers/${refOf(tracked)}/wait${condition}`)
  const code = numberAt(jsonOf(answer), "StatusCode")
  if (!tracked.exitCodes.has(code)) {
    throw new Violation(`wait for ${nameOf(tracked)} gave ${code}, right is ${[...tracked.exitCodes].join(" or ")}`)
  }
}

/** `docker logs`: of a counter, whole and in order. */
export const logs = async ({ world }: Actor, tracked: Tracked): Promise<void> => {
  const answer = await expectCall(world.api, [200], "GET", `/containers/${refOf(tracked)}/logs?stdout=1&stderr=1`)
  if (tracked.kind.counts) checkCounting(nameOf(tracked), linesOf(answer.body), tracked.runs)
}

/** `docker cp` in and out again. */
export const copy = async ({ world }: Actor, tracked: Tracked): Promise<void> => {
  const content = `copied ${world.serial()}`
  const tar = pack()
  tar.entry({ name: "copied" }, content)
  tar.finalize()
  const path = `/containers/${refOf(tracked)}/archive?path=`
  await expectCall(world.api, [200], "PUT", `${path}/tmp`, await buffer(tar))
  const { body } = await expectCall(world.api, [200], "GET", `${path}/tmp/copied`)
  if (!body.includes(content)) throw new Violation(`what was copied into ${nameOf(tracked)} does not come out`)
}

/** Waits until the health check has succeeded. */
export const becomesHealthy = async ({ world }: Actor, tracked: Tracked): Promise<void> => {
  await until(
    `${nameOf(tracked)} is healthy`,
    async () => {
      const answer = await expectCall(world.api, [200], "GET", `/containers/${refOf(tracked)}/json`)
      return textAt(jsonOf(answer), "State", "Health", "Status") === "healthy" ? true : undefined
    },
    60_000
  )
}

/** `docker exec` with its output and its exit code. */
export const exec = async ({ world }: Actor, tracked: Tracked): Promise<void> => {
  const life = world.life()
  const made = await expectCall(world.api, [201], "POST", `/containers/${refOf(tracked)}/exec`, {
    Cmd: ["sh", "-c", "echo $FACT; exit 5"],
    AttachStdout: true
  })
  const id = textAt(jsonOf(made), "Id")
  const output = await expectCall(world.api, [200], "POST", `/exec/${id}/start`, { Detach: false })
  const lines = linesOf(output.body).join()
  const code = numberAt(jsonOf(await expectCall(world.api, [200], "GET", `/exec/${id}/json`)), "ExitCode")
  // A raw stream has no end mark: a dead daemon looks like an end. The code must be true, or tell that it is lost.
  if (life !== world.life() && (code === 5 || code === 137)) throw new Lost(`exec ${id}`)
  if (lines !== "kept") throw new Violation(`an exec in ${nameOf(tracked)} said ${JSON.stringify(lines)}`)
  if (code !== 5) throw new Violation(`an exec in ${nameOf(tracked)} ended with ${code}, right is 5`)
}
