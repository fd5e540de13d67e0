import { constants } from "node:os"
import { Effect } from "effect"
import { type DockerFault, invalid } from "../faults.ts"

const byName: Readonly<Record<string, number>> = { ...constants.signals, SIGRTMIN: 34, SIGRTMAX: 64 }

/** Number of `9`, `KILL`, `SIGKILL` or `SIGRTMIN+3`; Docker's refusal otherwise. */
export const signalNumber = (given: string): Effect.Effect<number, DockerFault> => {
  const text = given.toUpperCase()
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    return number >= 1 && number <= 64 ? Effect.succeed(number) : Effect.fail(invalid(`invalid signal: ${given}`))
  }
  const name = text.startsWith("SIG") ? text : `SIG${text}`
  const realtime = /^SIGRT(MIN\+|MAX-)(\d+)$/.exec(name)
  if (realtime !== null) {
    const number = realtime[1] === "MIN+" ? 34 + Number(realtime[2]) : 64 - Number(realtime[2])
    if (number >= 34 && number <= 64) return Effect.succeed(number)
  }
  const number = byName[name]
  return number === undefined ? Effect.fail(invalid(`invalid signal: ${given}`)) : Effect.succeed(number)
}

export const SIGKILL = 9
