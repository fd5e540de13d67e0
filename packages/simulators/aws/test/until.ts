import { setTimeout } from "node:timers/promises"

const STEP_MILLIS = 25

/** Asks until there is an answer; fails with `what` after a generous time. */
export const until = async <A>(what: string, ask: () => Promise<A | undefined>, millis = 60_000): Promise<A> => {
  const end = performance.now() + millis
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`gave up after ${millis} ms waiting until ${what}`)
    await setTimeout(STEP_MILLIS)
  }
}
