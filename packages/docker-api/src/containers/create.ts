import { Containers, Images, System, Volumes } from "@sockerless/engine"
import { BadRequest, json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { jsonBody } from "../read-body.ts"
import { createRequest, type WireCreate } from "../wire/create-request.ts"
import { createProblem, requestedWorkload } from "./decode-create.ts"
import { needsOwnVolume } from "./decode-mounts.ts"
import { echoOf } from "./echo.ts"
import { type CreateDefaults, normalise } from "./normalise.ts"

/** Asks the system once: neither the default backend nor its cgroups change while the daemon lives. */
const makeDefaults = () => {
  let known: CreateDefaults | undefined
  return Effect.gen(function* () {
    if (known !== undefined) return known
    const facts = yield* (yield* System).facts
    const cgroupVersion = facts.backends.get(facts.defaultBackend)?.cgroupVersion
    known = { runtime: facts.defaultBackend, cgroupnsMode: cgroupVersion === "2" ? "private" : "host" }
    return known
  })
}

/** Makes the volumes that carry labels or options of their own; by mount target. Idempotent for named ones. */
const ownVolumes = Effect.fnUntraced(function* (request: WireCreate) {
  const volumes = yield* Volumes
  const made: Record<string, string> = {}
  for (const mount of (request.hostConfig.Mounts ?? []).filter(needsOwnVolume)) {
    const { name } = yield* volumes.create({
      name: mount.Source,
      driver: "local",
      labels: mount.VolumeOptions?.Labels ?? {},
      options: mount.VolumeOptions?.DriverConfig?.Options ?? {}
    })
    made[mount.Target] = name
  }
  return made
})

/** Inspect shows what the image adds where the client gave nothing; a missing image is the engine's to report. */
const withImageConfig = Effect.fnUntraced(function* (request: WireCreate) {
  const image = yield* (yield* Images).inspect(request.config.Image).pipe(Effect.option)
  if (image._tag === "None") return request
  const { entrypoint, cmd, volumes } = image.value.config
  const given = request.config.Entrypoint
  const fromImage = Object.fromEntries((volumes ?? []).map((path) => [path, {}]))
  return {
    ...request,
    config: {
      ...request.config,
      Entrypoint: given ?? (entrypoint === undefined || entrypoint.length === 0 ? null : entrypoint),
      Cmd: request.config.Cmd ?? (given !== null || cmd === undefined || cmd.length === 0 ? null : cmd),
      Volumes: (volumes ?? []).length === 0 ? request.config.Volumes : { ...fromImage, ...request.config.Volumes }
    }
  }
})

/** `POST /containers/create`. */
export const createRoute = (bridge: ApiBridge): void => {
  const defaults = makeDefaults()
  const create = Effect.fnUntraced(function* (call: ApiCall) {
    const given = yield* jsonBody(call.request, createRequest, "CreateRequest")
    const problem = createProblem(given, call.facts.minor)
    if (problem !== undefined) return yield* new BadRequest({ message: problem })
    const request = normalise(given, yield* defaults)
    const name = call.query.get("name") ?? ""
    const platform = call.query.get("platform") ?? ""
    const { id, warnings } = yield* (yield* Containers).create({
      name: name === "" ? undefined : name,
      image: request.config.Image,
      platform: platform === "" ? undefined : platform,
      requested: requestedWorkload(request, yield* ownVolumes(request)),
      echo: echoOf(yield* withImageConfig(request))
    })
    return json({ Id: id, Warnings: warnings }, 201)
  })
  bridge.route("POST", "/containers/create", create)
}
