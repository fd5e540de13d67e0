const STEP_MILLIS = 20

/** Asks again until the answer is not undefined; fails with `what` after `millis`. */
export const until = async <A>(
  what: string,
  ask: () => Promise<A | undefined> | A | undefined,
  millis = 15_000
): Promise<A> => {
  const end = performance.now() + millis
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`gave up after ${millis} ms waiting until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, STEP_MILLIS))
  }
}
