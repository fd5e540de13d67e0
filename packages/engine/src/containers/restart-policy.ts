import type { ContainerSnapshot } from "./snapshot.ts"

const FIRST_DELAY_MILLIS = 100
const LONGEST_DELAY_MILLIS = 60_000
/** A run at least this long is taken for healthy: the delay starts over (moby: restartmanager). */
const STEADY_MILLIS = 10_000

/** Whether the policy starts the container again after this end. */
export const shouldRestart = (snapshot: ContainerSnapshot, exitCode: number): boolean => {
  const { name, maximumRetryCount } = snapshot.spec.restart
  if (snapshot.stoppedByUser) return false
  if (name === "always" || name === "unless-stopped") return true
  return (
    name === "on-failure" && exitCode !== 0 && (maximumRetryCount === 0 || snapshot.restartCount < maximumRetryCount)
  )
}

/** Whether the policy starts it when the daemon comes up and finds it ended. */
export const shouldStartAtBoot = (snapshot: ContainerSnapshot): boolean => {
  const { name } = snapshot.spec.restart
  return name === "always" || (name === "unless-stopped" && !snapshot.stoppedByUser)
}

/** Milliseconds before the next try: doubled each time, started over after a steady run. */
export const restartDelay = (lastMillis: number, ranMillis: number): number =>
  lastMillis === 0 || ranMillis >= STEADY_MILLIS ? FIRST_DELAY_MILLIS : Math.min(lastMillis * 2, LONGEST_DELAY_MILLIS)
