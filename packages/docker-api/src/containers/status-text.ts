import type { ContainerState } from "@sockerless/engine"

/** Go's zero time. */
export const never = "0001-01-01T00:00:00Z"

/** How long ago, in the words of Docker's `units.HumanDuration`. */
export const humanDuration = (millis: number): string => {
  const seconds = Math.trunc(millis / 1000)
  if (seconds < 1) return "Less than a second"
  if (seconds === 1) return "1 second"
  if (seconds < 60) return `${seconds} seconds`
  const minutes = Math.trunc(seconds / 60)
  if (minutes === 1) return "About a minute"
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.trunc(seconds / 3600 + 0.5)
  if (hours === 1) return "About an hour"
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 14) return `${Math.trunc(hours / 24)} days`
  if (hours < 24 * 60) return `${Math.trunc(hours / 24 / 7)} weeks`
  if (hours < 24 * 730) return `${Math.trunc(hours / 24 / 30)} months`
  return `${Math.trunc(hours / 24 / 365)} years`
}

const upSuffix = (state: ContainerState) => {
  if (state.status === "paused") return " (Paused)"
  const health = state.health?.status
  if (health === undefined || health === "none") return ""
  return health === "starting" ? " (health: starting)" : ` (${health})`
}

/** The text of `docker ps` for a state; `nowMillis` is since the epoch. */
export const statusText = (state: ContainerState, nowMillis: number): string => {
  const ago = (since: string) => humanDuration(nowMillis - Date.parse(since))
  switch (state.status) {
    case "running":
    case "paused":
      return `Up ${ago(state.startedAt)}${upSuffix(state)}`
    case "restarting":
      return `Restarting (${state.exitCode}) ${ago(state.finishedAt)} ago`
    case "removing":
      return "Removal In Progress"
    case "dead":
      return "Dead"
    case "created":
      return "Created"
    case "exited":
      return `Exited (${state.exitCode}) ${ago(state.finishedAt)} ago`
  }
}
