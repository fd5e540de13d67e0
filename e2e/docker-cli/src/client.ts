import { dockerProgram } from "@sockerless/e2e-kit"
import { spawnSync } from "node:child_process"

/** The docker CLIs that the suite knows: today's, and the one of Debian 12. */
export type Client = "current" | "debian"

const asked = spawnSync(dockerProgram, ["--version"], { encoding: "utf8" })

/** Major version of the docker CLI on PATH; undefined when there is none. */
export const clientMajor: number | undefined =
  asked.status === 0 ? Number(/version (\d+)\./.exec(asked.stdout)?.[1] ?? Number.NaN) : undefined

/** Why the whole suite is skipped, in one line; undefined when it runs. */
export const noClient: string | undefined =
  clientMajor === undefined ? "no docker CLI on PATH (Debian has one in docker.io): its tests are skipped" : undefined

/** Which of the known clients runs. */
export const client: Client = (clientMajor ?? 0) >= 23 ? "current" : "debian"

/** What differs between the clients themselves, the daemon's answer being the same. */
export const byClient = <A>(of: Readonly<Record<Client, A>>): A => of[client]

/** For `it.skipIf`: true where the client has no such option; the reason is the option's own name. */
export const lacks = (_option: string, sinceMajor: number): boolean => (clientMajor ?? 0) < sinceMajor

/** What the client writes to stderr for a refusal of the daemon. */
export const fromDaemon = (message: string): string => `Error response from daemon: ${message}\n`

/** The same for a missing thing, which older clients put into their own words. */
export const missing = (noun: "container" | "image" | "network" | "volume", name: string): string => {
  const daemons = {
    container: `No such container: ${name}`,
    image: `No such image: ${name}:latest`,
    network: `network ${name} not found`,
    volume: `get ${name}: no such volume`
  }
  return byClient({ current: fromDaemon(daemons[noun]), debian: `Error: No such ${noun}: ${name}\n` })
}

/** What `docker run` and `docker create` write when the daemon refuses to create. */
export const runRefusal = (message: string): string =>
  byClient({
    current: `docker: Error response from daemon: ${message}\n\nRun 'docker run --help' for more information\n`,
    debian: `docker: Error response from daemon: ${message.replace(/\.$/, "")}.\nSee 'docker run --help'.\n`
  })

/** What `docker run` writes when the created container does not start. */
export const startRefusal = (message: string): string =>
  byClient({
    current: `docker: Error response from daemon: ${message}\n\nRun 'docker run --help' for more information\n`,
    debian: `docker: Error response from daemon: ${message}.\n`
  })
