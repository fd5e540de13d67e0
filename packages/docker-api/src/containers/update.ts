import { Containers } from "@sockerless/engine"
import { BadRequest, json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { jsonBody } from "../read-body.ts"
import { resourceFields, restartPolicy } from "../wire/create-request.ts"
import { struct } from "../wire/go-json.ts"
import { resourceLimits, restartPolicyOf } from "./decode-resources.ts"

const updateRequest = struct({ ...resourceFields, RestartPolicy: restartPolicy })

const unsupported = [
  "BlkioWeightDevice",
  "Devices",
  "DeviceCgroupRules",
  "DeviceRequests",
  "Ulimits",
  "KernelMemory",
  "KernelMemoryTCP",
  "CpuCount",
  "CpuPercent",
  "IOMaximumIOps",
  "IOMaximumBandwidth",
  "CgroupParent"
] as const

const isGiven = (value: unknown) =>
  value !== null && value !== 0 && value !== "" && value !== false && !(Array.isArray(value) && value.length === 0)

const update = Effect.fnUntraced(function* (call: ApiCall) {
  const request = yield* jsonBody(call.request, updateRequest, "UpdateConfig")
  const refused = unsupported.find((name) => isGiven(request[name]))
  if (refused !== undefined) {
    return yield* new BadRequest({ message: `${refused} cannot be changed by update: create the container anew` })
  }
  const restart = restartPolicyOf(request.RestartPolicy)
  if (restart !== undefined && "problem" in restart) return yield* new BadRequest({ message: restart.problem })
  const { RestartPolicy: policy, ...resources } = request
  const changed = Object.fromEntries(Object.entries(resources).filter(([, value]) => isGiven(value)))
  const { warnings } = yield* (yield* Containers).update(call.param("id"), {
    resources: resourceLimits(request),
    restart,
    echo: JSON.parse(
      JSON.stringify({
        ...changed,
        ...(restart === undefined ? {} : { RestartPolicy: { ...policy, Name: restart.name } })
      })
    )
  })
  return json({ Warnings: warnings.length === 0 ? null : warnings })
})

/** `POST /containers/{id}/update`. */
export const updateRoute = (bridge: ApiBridge): void => bridge.route("POST", "/containers/:id/update", update)
