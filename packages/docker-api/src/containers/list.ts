import { Containers, type ContainerSnapshot } from "@sockerless/engine"
import { jsonText } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { readFilters } from "../filters.ts"
import { truthy, wholeNumber } from "../query.ts"
import { mountsJson, networksJson, portList } from "./network-settings.ts"
import { statusText } from "./status-text.ts"

const commandText = ([path = "", ...args]: ReadonlyArray<string>) =>
  [path, ...args.map((argument) => (argument.includes(" ") ? `'${argument}'` : argument))].join(" ")

/** A summary as text, cut where what changes without the snapshot changing goes: sizes and `Status`. */
interface Cut {
  readonly beforeSizes: string
  readonly beforeStatus: string
  readonly afterStatus: string
}

const withoutBraces = (value: object) => JSON.stringify(value).slice(1, -1)

const cutSummary = (snapshot: ContainerSnapshot, minor: number): Cut => {
  const { spec, echo } = snapshot
  return {
    beforeSizes: withoutBraces({
      Id: spec.id,
      Names: [`/${spec.name}`],
      Image: echo.config["Image"] ?? spec.image.reference,
      ImageID: spec.image.id,
      Command: commandText(spec.process.argv),
      Created: Math.trunc(Date.parse(snapshot.createdAt) / 1000),
      Ports: portList(snapshot)
    }),
    beforeStatus: withoutBraces({ Labels: spec.labels, State: snapshot.state.status }),
    afterStatus: withoutBraces({
      HostConfig: { NetworkMode: echo.hostConfig["NetworkMode"] ?? spec.network.mode },
      NetworkSettings: { Networks: networksJson(snapshot, minor) },
      Mounts: mountsJson(snapshot)
    })
  }
}

/** The versions between which a summary differs share one cached text. */
const shapeOf = (minor: number) => (minor < 44 ? 43 : minor < 45 ? 44 : minor < 48 ? 45 : 48)

/** Renders summaries; keeps the text of each snapshot, which never changes, as long as the snapshot lives. */
export const makeSummaries = () => {
  const cuts = new WeakMap<ContainerSnapshot, Map<number, Cut>>()
  return (
    snapshot: ContainerSnapshot,
    options: {
      readonly minor: number
      readonly nowMillis: number
      readonly size?: { readonly rwBytes: number; readonly rootBytes: number }
    }
  ): string => {
    const shape = shapeOf(options.minor)
    let byShape = cuts.get(snapshot)
    if (byShape === undefined) cuts.set(snapshot, (byShape = new Map()))
    let cut = byShape.get(shape)
    if (cut === undefined) byShape.set(shape, (cut = cutSummary(snapshot, shape)))
    const sizes =
      options.size === undefined
        ? ""
        : `${options.size.rwBytes === 0 ? "" : `"SizeRw":${options.size.rwBytes},`}"SizeRootFs":${options.size.rootBytes},`
    const status = JSON.stringify(statusText(snapshot.state, options.nowMillis))
    return `{${cut.beforeSizes},${sizes}${cut.beforeStatus},"Status":${status},${cut.afterStatus}}`
  }
}

/** `GET /containers/json`. */
export const listRoute = (bridge: ApiBridge): void => {
  const summary = makeSummaries()
  const list = Effect.fnUntraced(function* (call: ApiCall) {
    const containers = yield* Containers
    const limit = (yield* wholeNumber(call.query, "limit")) ?? 0
    const filters = yield* readFilters(call.query)
    const found = yield* containers.list({
      all: truthy(call.query, "all") || limit > 0,
      limit: Math.max(limit, 0),
      filters
    })
    const options = { minor: call.facts.minor, nowMillis: Date.now() }
    const withSize = truthy(call.query, "size")
    const rows = withSize
      ? yield* Effect.forEach(
          found,
          (snapshot) =>
            containers.size(snapshot.spec.id).pipe(
              Effect.map((size) => summary(snapshot, { ...options, size })),
              // A container that went away while the list was made is not part of it.
              Effect.catchIf(
                (fault) => fault.kind === "not-found",
                () => Effect.succeed("")
              )
            ),
          { concurrency: 4 }
        )
      : found.map((snapshot) => summary(snapshot, options))
    return jsonText(`[${rows.filter((row) => row !== "").join(",")}]`)
  })
  bridge.route("GET", "/containers/json", list, "stop")
}
