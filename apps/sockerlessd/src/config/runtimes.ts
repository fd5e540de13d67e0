import type { Wrong } from "./hosts.ts"

/** What `runtimes` of the configuration file says of ECS; see the README of `packages/backends/ecs/backend`. */
export interface EcsSettings {
  readonly region: string
  readonly endpoint?: string
  readonly cluster: string
  readonly subnets: ReadonlyArray<string>
  readonly securityGroups: ReadonlyArray<string>
  readonly assignPublicIp: boolean
  readonly executionRoleArn?: string
  readonly taskRoleArn?: string
  readonly logGroup: string
  readonly repository: string
  /** Bucket that holds this instance's lease. */
  readonly bucket: string
}

/** Runtimes beside `local`, as the operator configured them. */
export interface Runtimes {
  readonly ecs?: EcsSettings
}

const ECS = "io.sockerless.ecs"

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isTextList = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((item) => typeof item === "string")

const required = ["region", "cluster", "logGroup", "repository", "bucket"] as const
const optional = ["endpoint", "executionRoleArn", "taskRoleArn"] as const
const known: ReadonlySet<string> = new Set([...required, ...optional, "subnets", "securityGroups", "assignPublicIp"])

const ecsOf = (options: Readonly<Record<string, unknown>>): EcsSettings | Wrong => {
  const where = 'runtimes "ecs"'
  const odd = Object.keys(options).find((key) => !known.has(key))
  if (odd !== undefined) return { wrong: `${where}: unknown option "${odd}"; known are ${[...known].join(", ")}` }
  const text = (key: string): string | undefined => {
    const value = options[key]
    return typeof value === "string" && value !== "" ? value : undefined
  }
  const missing = required.find((key) => text(key) === undefined)
  if (missing !== undefined) return { wrong: `${where}: option "${missing}" must be a text` }
  const broken = optional.find((key) => key in options && text(key) === undefined)
  if (broken !== undefined) return { wrong: `${where}: option "${broken}" must be a text` }
  const { subnets, securityGroups = [], assignPublicIp = false } = options
  if (!isTextList(subnets) || subnets.length === 0)
    return { wrong: `${where}: option "subnets" must be a list of texts` }
  if (!isTextList(securityGroups)) return { wrong: `${where}: option "securityGroups" must be a list of texts` }
  if (typeof assignPublicIp !== "boolean") return { wrong: `${where}: option "assignPublicIp" must be true or false` }
  const given = (key: (typeof optional)[number]) => (text(key) === undefined ? {} : { [key]: text(key) })
  return {
    region: text("region") ?? "",
    cluster: text("cluster") ?? "",
    logGroup: text("logGroup") ?? "",
    repository: text("repository") ?? "",
    bucket: text("bucket") ?? "",
    subnets,
    securityGroups,
    assignPublicIp,
    ...given("endpoint"),
    ...given("executionRoleArn"),
    ...given("taskRoleArn")
  }
}

/** Reads dockerd's `runtimes`: each has a `runtimeType` and its `options`. Only ours are known. */
export const runtimesOf = (value: unknown): Runtimes | Wrong => {
  if (value === undefined) return {}
  if (!isObject(value)) return { wrong: '"runtimes" must be an object' }
  let runtimes: Runtimes = {}
  for (const [name, entry] of Object.entries(value)) {
    if (!isObject(entry) || entry["runtimeType"] !== ECS || name !== "ecs") {
      return {
        wrong: `runtimes "${name}": this daemon knows the runtime "ecs" with runtimeType "${ECS}", beside local`
      }
    }
    const settings = ecsOf(isObject(entry["options"]) ? entry["options"] : {})
    if ("wrong" in settings) return settings
    runtimes = { ecs: settings }
  }
  return runtimes
}
