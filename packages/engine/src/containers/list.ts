import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import type { EngineContext } from "../context.ts"
import { invalid } from "../faults.ts"
import { anyValue, checkFilterKeys, matchesLabels } from "../filter-rules.ts"
import type { Filters } from "../filters.ts"
import { patternFilter } from "../name-pattern.ts"
import type { Entry } from "./entry.ts"
import type { ContainerSnapshot, Status } from "./snapshot.ts"

const keys = new Set([
  "ancestor",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "isolation",
  "is-task",
  "label",
  "name",
  "network",
  "publish",
  "since",
  "status",
  "volume"
])
const statuses: ReadonlySet<string> = new Set<Status>([
  "created",
  "running",
  "paused",
  "restarting",
  "removing",
  "exited",
  "dead"
])
const healths = new Set(["starting", "healthy", "unhealthy", "none"])

type Test = (snapshot: ContainerSnapshot) => boolean

const checkValues = (filters: Filters) =>
  Effect.gen(function* () {
    yield* checkFilterKeys(filters, keys)
    for (const value of filters.get("status") ?? []) {
      if (!statuses.has(value)) return yield* Effect.fail(invalid(`invalid filter 'status=${value}'`))
    }
    for (const value of filters.get("health") ?? []) {
      if (!healths.has(value)) return yield* Effect.fail(invalid(`invalid filter 'health=${value}'`))
    }
    for (const value of filters.get("exited") ?? []) {
      if (!/^-?\d+$/.test(value)) return yield* Effect.fail(invalid(`invalid filter 'exited=${value}'`))
    }
  })

/** `80`, `80/tcp` or `8000-9000/udp` against a port. */
const portMatcher = (text: string): ((port: number, protocol: string) => boolean) => {
  const [range = "", protocol = "tcp"] = text.split("/")
  const [first = 0, last = first] = range.split("-").map(Number)
  return (port, its) => its === protocol && port >= first && port <= last
}

const ancestorTest = (context: EngineContext, values: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(values, (value) =>
      context.images.resolve(value).pipe(
        Effect.map((image) => image.id),
        Effect.catch(() => Effect.succeed(value))
      )
    ),
    (ids): Test =>
      (snapshot) =>
        ids.includes(snapshot.spec.image.id) || values.includes(snapshot.spec.image.reference)
  )

/** `name=` and `id=` are regular expressions; a name may be told with its slash. */
const patternTests = Effect.fnUntraced(function* (filters: Filters): Effect.fn.Return<ReadonlyArray<Test>> {
  const matchesId = yield* patternFilter(filters, "id")
  const matchesName = yield* patternFilter(filters, "name")
  return [({ spec }) => matchesId(spec.id), ({ spec }) => matchesName(`/${spec.name}`) || matchesName(spec.name)]
})

/** `before=x` and `since=x` compare with the creation of another container. */
const timeTest = (context: EngineContext, filters: Filters, key: "before" | "since") =>
  Effect.map(
    Effect.forEach(filters.get(key) ?? [], (ref) => context.book.resolve(ref)),
    ([other]): Test =>
      (snapshot) =>
        other === undefined ||
        (key === "before"
          ? snapshot.createdAt < other.snapshot.createdAt
          : snapshot.createdAt > other.snapshot.createdAt)
  )

const simpleTests = (filters: Filters): ReadonlyArray<Test> => [
  (snapshot) => matchesLabels(snapshot.spec.labels, filters.get("label") ?? []),
  (snapshot) => anyValue(filters, "status", (value) => value === snapshot.state.status),
  (snapshot) => anyValue(filters, "health", (value) => value === (snapshot.state.health?.status ?? "none")),
  (snapshot) =>
    anyValue(
      filters,
      "exited",
      (value) => snapshot.state.status === "exited" && Number(value) === snapshot.state.exitCode
    ),
  (snapshot) =>
    anyValue(
      filters,
      "network",
      (value) =>
        Object.values(snapshot.spec.network.endpoints).some(
          (endpoint) => endpoint.networkName === value || endpoint.networkId.startsWith(value)
        ) || snapshot.spec.network.mode === value
    ),
  (snapshot) =>
    anyValue(filters, "volume", (value) =>
      snapshot.mounts.some((mount) => mount.name === value || mount.destination === value || mount.source === value)
    ),
  (snapshot) =>
    anyValue(filters, "publish", (value) =>
      snapshot.ports.some((port) => portMatcher(value)(port.hostPort, port.protocol))
    ),
  (snapshot) =>
    anyValue(filters, "expose", (value) =>
      snapshot.spec.network.exposedPorts.some((port) => {
        const [number = "", protocol = "tcp"] = port.split("/")
        return portMatcher(value)(Number(number), protocol)
      })
    ),
  () => anyValue(filters, "is-task", (value) => value === "false" || value === "0")
]

const newestFirst = (a: Entry, b: Entry): number => (a.snapshot.createdAt < b.snapshot.createdAt ? 1 : -1)

/** `docker ps`: newest first; `limit` and filters on state look beyond the running ones. */
export const listContainers = Effect.fn("engine.containers.list")(function* (
  context: EngineContext,
  options: { readonly all: boolean; readonly limit: number; readonly filters: Filters }
): Effect.fn.Return<ReadonlyArray<ContainerSnapshot>, Fault> {
  const { filters } = options
  yield* checkValues(filters)
  const everything =
    options.all ||
    options.limit > 0 ||
    filters.has("status") ||
    filters.has("exited") ||
    filters.has("before") ||
    filters.has("since")
  const tests: Array<Test> = [...simpleTests(filters), ...(yield* patternTests(filters))]
  if (filters.has("ancestor")) tests.push(yield* ancestorTest(context, filters.get("ancestor") ?? []))
  if (filters.has("before")) tests.push(yield* timeTest(context, filters, "before"))
  if (filters.has("since")) tests.push(yield* timeTest(context, filters, "since"))
  const active = filters.size === 0 ? [] : tests
  const found = context.book.all
    .toSorted(newestFirst)
    .map((entry) => entry.snapshot)
    .filter((snapshot) => {
      const { status } = snapshot.state
      const shown = everything || status === "running" || status === "paused" || status === "restarting"
      return shown && active.every((test) => test(snapshot))
    })
  return options.limit > 0 ? found.slice(0, options.limit) : found
})
