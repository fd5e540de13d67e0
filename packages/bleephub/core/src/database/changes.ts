import type { Write } from "@sockerless/store"
import type { Journal } from "./table.ts"

interface Step {
  readonly write: Write
  readonly undo: () => void
}

/**
 * One change at a time, all of it or nothing. Invariants: a change is a synchronous function, so no other change
 * sees its middle and no locks are needed; when it throws, memory is as before; its promise resolves when all its
 * writes are durable in one commit. After a commit that failed no change is begun any more: memory that the disk
 * does not hold is never built upon, and the next start reads the disk.
 */
export class Changes implements Journal {
  readonly #commit: (writes: ReadonlyArray<Write>) => Promise<void>
  #steps: Array<Step> | undefined
  #broken: Error | undefined
  readonly #listeners = new Set<() => void>()

  constructor(commit: (writes: ReadonlyArray<Write>) => Promise<void>) {
    this.#commit = commit
  }

  /** Calls `listener` after every commit from now on. */
  listen(listener: () => void): void {
    this.#listeners.add(listener)
  }

  record(write: Write, undo: () => void): void {
    if (this.#steps === undefined) throw new Error(`a write outside of a change: ${JSON.stringify(write)}`)
    this.#steps.push({ write, undo })
  }

  /** Runs `work` and resolves to its result when what it wrote is durable. Inside another change it joins that one. */
  async change<A>(work: () => A): Promise<A> {
    if (this.#steps !== undefined) return work()
    if (this.#broken !== undefined) throw this.#broken
    const steps: Array<Step> = []
    this.#steps = steps
    let result: A
    try {
      result = work()
    } catch (fault) {
      undo(steps)
      throw fault
    } finally {
      this.#steps = undefined
    }
    if (steps.length === 0) return result
    try {
      await this.#commit(lastOfEach(steps))
    } catch (fault) {
      this.#broken ??= fault instanceof Error ? fault : new Error(String(fault))
      throw fault
    }
    for (const listener of this.#listeners) listener()
    return result
  }
}

const undo = (steps: ReadonlyArray<Step>): void => {
  for (const step of steps.toReversed()) step.undo()
}

/** A row that a change wrote twice is stored once, as it was last. */
const lastOfEach = (steps: ReadonlyArray<Step>): ReadonlyArray<Write> => {
  const kept = new Map<string, Write>()
  for (const [position, { write }] of steps.entries()) {
    const key = write.op === "append" ? `append ${position}` : `${write.collection} ${write.key}`
    kept.delete(key)
    kept.set(key, write)
  }
  return [...kept.values()]
}
