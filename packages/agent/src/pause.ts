import { userProcesses } from "./processes.ts"

const signalAll = (signal: "SIGSTOP" | "SIGCONT"): number => {
  let count = 0
  for (const { pid } of userProcesses()) {
    try {
      process.kill(pid, signal)
      count += 1
    } catch {
      // It has ended meanwhile.
    }
  }
  return count
}

/** Stops the user's processes; asked again until a round finds no new one, for a process may fork while it is stopped. */
export const pause = (): null => {
  for (let before = -1, now = signalAll("SIGSTOP"), rounds = 0; now !== before && rounds < 10; rounds++) {
    before = now
    now = signalAll("SIGSTOP")
  }
  return null
}

/** Lets them go on. */
export const resume = (): null => {
  signalAll("SIGCONT")
  return null
}
