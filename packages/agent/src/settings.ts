import { readFileSync } from "node:fs"
import type { ProcessRequest } from "./process-request.ts"
import { processRequestOf } from "./process-request.ts"

/** What an agent is told by whoever starts the workload. */
export interface Settings {
  /** Where to dial, the preferred first; `ws://` or `wss://`. */
  readonly callbacks: ReadonlyArray<string>
  readonly subject: string
  readonly run: number
  readonly token: string
  /** The user's process. */
  readonly process: ProcessRequest
  /** Without a daemon for this long the process is ended: the last defence against forgotten workloads. */
  readonly orphanMillis: number
  /** How long a finished agent stays to deliver what is left. */
  readonly lingerMillis: number
  /** Where output waits that the daemon has not kept; in memory when it cannot be written. */
  readonly spoolFolder: string
  readonly spoolBytes: number
  /** PEM of the authority that signed the daemon's certificate. */
  readonly certificateAuthority: string | undefined
}

const required = (env: NodeJS.ProcessEnv, name: string): string => {
  const value = env[name]
  if (value === undefined || value === "") throw new RangeError(`${name} is not set`)
  return value
}

const count = (env: NodeJS.ProcessEnv, name: string, otherwise: number): number => {
  const value = Number(env[name] ?? otherwise)
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`${name} is no count: ${env[name]}`)
  return value
}

/** Reads `SKLS_*`; throws with the name of the variable that is missing or broken. */
export const settingsOf = (env: NodeJS.ProcessEnv): Settings => {
  const authority = env["SKLS_CA_FILE"]
  return {
    callbacks: required(env, "SKLS_CALLBACKS").split(","),
    subject: required(env, "SKLS_SUBJECT"),
    run: count(env, "SKLS_RUN", 0),
    token: required(env, "SKLS_TOKEN"),
    process: processRequestOf(JSON.parse(required(env, "SKLS_PROCESS"))),
    orphanMillis: count(env, "SKLS_ORPHAN_SECONDS", 86_400) * 1000,
    lingerMillis: count(env, "SKLS_LINGER_SECONDS", 10) * 1000,
    spoolFolder: env["SKLS_SPOOL_FOLDER"] ?? "/tmp/.sl",
    spoolBytes: count(env, "SKLS_SPOOL_BYTES", 64 * 1024 * 1024),
    certificateAuthority: authority === undefined ? undefined : readFileSync(authority, "utf8")
  }
}

/** What the platform adds to the environment of the user's process: everything but what is ours, or our own user's. */
export const userEnvironment = (env: NodeJS.ProcessEnv): ReadonlyArray<string> =>
  Object.entries(env).flatMap(([name, value]) =>
    name.startsWith("SKLS_") || name === "HOME" ? [] : [`${name}=${value ?? ""}`]
  )
