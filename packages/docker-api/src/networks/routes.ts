import { Networks, type NetworkSnapshot } from "@sockerless/engine"
import { BadRequest, empty, json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { endpointSpec } from "../containers/decode-create.ts"
import { readFilters } from "../filters.ts"
import { jsonBody } from "../read-body.ts"
import { endpointConfig } from "../wire/create-request.ts"
import { flag, list, map, maybe, struct, text } from "../wire/go-json.ts"

const createRequest = struct({
  Name: text,
  CheckDuplicate: flag,
  Driver: text,
  Scope: text,
  EnableIPv4: maybe(flag),
  EnableIPv6: maybe(flag),
  IPAM: maybe(
    struct({
      Driver: text,
      Options: map(text),
      Config: list(
        struct({ Subnet: text, IPRange: text, Gateway: text, AuxiliaryAddresses: map(text), AuxAddress: map(text) })
      )
    })
  ),
  Internal: flag,
  Attachable: flag,
  Ingress: flag,
  ConfigOnly: flag,
  ConfigFrom: maybe(struct({ Network: text })),
  Options: map(text),
  Labels: map(text)
})

type CreateRequest = ReturnType<typeof createRequest>

const createProblem = (request: CreateRequest) => {
  if (request.Scope !== "" && request.Scope !== "local") {
    return `scope "${request.Scope}" needs a swarm: leave --scope out`
  }
  if (request.Ingress) return "Ingress networks need a swarm: leave --ingress out"
  if (request.ConfigOnly || (request.ConfigFrom?.Network ?? "") !== "") {
    return "configuration-only networks are not supported: give the options to the network itself"
  }
  if (request.EnableIPv4 === false) return "IPv4 cannot be disabled: leave --ipv4=false out"
  return undefined
}

const poolOf = (pool: NonNullable<NonNullable<CreateRequest["IPAM"]>["Config"]>[number]) => {
  const auxiliary = pool.AuxiliaryAddresses ?? pool.AuxAddress
  return {
    subnet: pool.Subnet,
    ...(pool.IPRange === "" ? {} : { ipRange: pool.IPRange }),
    ...(pool.Gateway === "" ? {} : { gateway: pool.Gateway }),
    ...(auxiliary === null ? {} : { auxiliaryAddresses: auxiliary })
  }
}

const create = Effect.fnUntraced(function* (call: ApiCall) {
  const request = yield* jsonBody(call.request, createRequest, "CreateRequest")
  const problem = createProblem(request)
  if (problem !== undefined) return yield* new BadRequest({ message: problem })
  const ipamDriver = request.IPAM?.Driver ?? ""
  const { id, warning } = yield* (yield* Networks).create({
    name: request.Name,
    driver: request.Driver === "" || request.Driver === "default" ? "bridge" : request.Driver,
    internal: request.Internal,
    attachable: request.Attachable,
    enableIPv6: request.EnableIPv6 ?? false,
    labels: request.Labels ?? {},
    options: request.Options ?? {},
    ipam: {
      driver: ipamDriver === "" ? "default" : ipamDriver,
      options: request.IPAM?.Options ?? {},
      pools: (request.IPAM?.Config ?? []).map(poolOf)
    }
  })
  return json({ Id: id, Warning: warning }, 201)
})

const prefixed = (address: string, length: number) => (address === "" ? "" : `${address}/${length}`)

const networkJson = ({ spec, scope, containers }: NetworkSnapshot, minor: number, withContainers: boolean) => ({
  Name: spec.name,
  Id: spec.id,
  Created: spec.createdAt,
  Scope: scope,
  Driver: spec.driver,
  ...(minor >= 48 ? { EnableIPv4: true } : {}),
  EnableIPv6: spec.enableIPv6,
  IPAM: {
    Driver: spec.ipam.driver,
    Options: Object.keys(spec.ipam.options).length === 0 ? null : spec.ipam.options,
    Config: spec.ipam.pools.map((pool) => ({
      Subnet: pool.subnet,
      ...(pool.ipRange === undefined ? {} : { IPRange: pool.ipRange }),
      ...(pool.gateway === undefined ? {} : { Gateway: pool.gateway }),
      ...(pool.auxiliaryAddresses === undefined ? {} : { AuxiliaryAddresses: pool.auxiliaryAddresses })
    }))
  },
  Internal: spec.internal,
  Attachable: spec.attachable,
  Ingress: false,
  ConfigFrom: { Network: "" },
  ConfigOnly: false,
  Containers: withContainers
    ? Object.fromEntries(
        Object.entries(containers).map(([id, { name, facts }]) => [
          id,
          {
            Name: name,
            EndpointID: facts.endpointId,
            MacAddress: facts.macAddress,
            IPv4Address: prefixed(facts.ipAddress, facts.prefixLength),
            IPv6Address: prefixed(facts.ipv6Address, facts.ipv6PrefixLength)
          }
        ])
      )
    : {},
  Options: spec.options,
  Labels: spec.labels
})

const listNetworks = Effect.fnUntraced(function* (call: ApiCall) {
  const found = yield* (yield* Networks).list(yield* readFilters(call.query))
  return json(found.map((network) => networkJson(network, call.facts.minor, false)))
})

const inspect = Effect.fnUntraced(function* (call: ApiCall) {
  const scope = call.query.get("scope") ?? ""
  const network = yield* (yield* Networks).inspect(call.param("id"))
  if (scope !== "" && scope !== network.scope) {
    return yield* new BadRequest({ message: `network ${call.param("id")} is not in scope ${scope}` })
  }
  return json(networkJson(network, call.facts.minor, true))
})

const remove = Effect.fnUntraced(function* (call: ApiCall) {
  yield* (yield* Networks).remove(call.param("id"))
  return empty()
})

const connectRequest = struct({ Container: text, EndpointConfig: maybe(endpointConfig) })
const disconnectRequest = struct({ Container: text, Force: flag })

const connect = Effect.fnUntraced(function* (call: ApiCall) {
  const request = yield* jsonBody(call.request, connectRequest, "ConnectRequest")
  const endpoint = request.EndpointConfig
  if ((endpoint?.IPAMConfig?.LinkLocalIPs ?? []).length > 0 || (endpoint?.GwPriority ?? 0) !== 0) {
    return yield* new BadRequest({
      message: "--link-local-ip and --gw-priority are not supported by this daemon: leave them out"
    })
  }
  const spec = endpoint === null ? { aliases: [], links: [], driverOptions: {} } : endpointSpec(endpoint)
  yield* (yield* Networks).connect(call.param("id"), request.Container, spec)
  return empty(200)
})

const disconnect = Effect.fnUntraced(function* (call: ApiCall) {
  const request = yield* jsonBody(call.request, disconnectRequest, "DisconnectRequest")
  yield* (yield* Networks).disconnect(call.param("id"), request.Container, { force: request.Force })
  return empty(200)
})

const prune = Effect.fnUntraced(function* (call: ApiCall) {
  const { deleted } = yield* (yield* Networks).prune(yield* readFilters(call.query))
  return json({ NetworksDeleted: deleted.length === 0 ? null : deleted })
})

/** Networks. */
export const networkRoutes = (bridge: ApiBridge): void => {
  bridge.route("GET", "/networks", listNetworks, "stop")
  bridge.route("GET", "/networks/", listNetworks, "stop")
  bridge.route("POST", "/networks/create", create)
  bridge.route("POST", "/networks/prune", prune)
  bridge.route("GET", "/networks/:id", inspect, "stop")
  bridge.route("DELETE", "/networks/:id", remove)
  bridge.route("POST", "/networks/:id/connect", connect)
  bridge.route("POST", "/networks/:id/disconnect", disconnect)
}
