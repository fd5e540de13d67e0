import type { ExitReport, Handle, NetworkSpec } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import { Deferred, Effect } from "effect"
import { type End, runsForEver, type Script } from "./behaviour.ts"
import { ScriptedFault } from "./faults.ts"
import type { FileTree } from "./file-tree.ts"
import type { Workload } from "./workload.ts"

/** One call of a verb, in the order they came. */
export interface Call {
  readonly verb: string
  readonly id: string
}

/** Above every pid of a real machine. */
const FIRST_PID = 5_000_000

/**
 * Where scripted workloads live: the truth that every backend over it sees, so that a test can let one daemon die and
 * another take over. It is also the test's hand on the place: what was called, what fails next, what waits.
 */
export class ScriptedPlace {
  readonly script: Script
  readonly workloads = new Map<string, Workload>()
  readonly networks = new Map<string, NetworkSpec>()
  readonly volumes = new Map<string, FileTree>()
  /** Every verb that reached the place. */
  readonly calls: Array<Call> = []
  readonly listeners = new Set<(report: ExitReport) => void>()
  readonly #failures = new Map<string, Array<Fault & { readonly exitCode?: number }>>()
  readonly #holds = new Map<string, Deferred.Deferred<void>>()
  readonly #replies = new Map<string, Deferred.Deferred<void>>()
  #lastPid = FIRST_PID
  #subnets = 0

  constructor(script: Partial<Script> = {}) {
    this.script = { ...runsForEver, ...script }
  }

  /** Makes the next call of a verb fail with this. */
  failNext(verb: string, fault: Fault & { readonly exitCode?: number }): void {
    this.#failures.set(verb, [...(this.#failures.get(verb) ?? []), fault])
  }

  /** Makes calls of a verb wait before they do anything, until the returned function is called. */
  hold(verb: string): () => void {
    return this.#gate(this.#holds, verb)
  }

  /** As `hold`, when the call has done its work and nobody has heard of it yet. */
  holdReply(verb: string): () => void {
    return this.#gate(this.#replies, verb)
  }

  #gate(gates: Map<string, Deferred.Deferred<void>>, verb: string): () => void {
    const gate = Deferred.makeUnsafe<void>()
    gates.set(verb, gate)
    return () => {
      gates.delete(verb)
      Deferred.doneUnsafe(gate, Effect.void)
    }
  }

  /** Ends the process of a workload. */
  end(id: string, end: End): void {
    this.workloads.get(id)?.run?.process.end(end)
  }

  /** Prints as the process of a workload would. */
  print(id: string, text: string, stream: 1 | 2 = 1): void {
    this.workloads.get(id)?.output.write(stream, Buffer.from(text))
  }

  /** As after a power cut: nothing runs, and no end was seen. */
  losePower(): void {
    for (const workload of this.workloads.values()) {
      workload.lost = workload.run !== undefined
      workload.run = undefined
    }
  }

  /** @internal Notes a call, lets it wait, lets it fail, then runs it. */
  step<A, E>(verb: string, id: string, act: Effect.Effect<A, E>): Effect.Effect<A, E | Fault> {
    return Effect.suspend(() => {
      this.calls.push({ verb, id })
      const gate = this.#holds.get(verb)
      const fault = this.#failures.get(verb)?.shift()
      const go: Effect.Effect<A, E | Fault> = fault === undefined ? act : Effect.fail(fault)
      const done = Effect.tap(go, () => {
        const reply = this.#replies.get(verb)
        return reply === undefined ? Effect.void : Deferred.await(reply)
      })
      return gate === undefined ? done : Effect.andThen(Deferred.await(gate), done)
    })
  }

  /** @internal */
  nextPid(): number {
    this.#lastPid += 1
    return this.#lastPid
  }

  /** @internal */
  nextSubnet(): number {
    this.#subnets += 1
    return this.#subnets
  }

  /** @internal */
  of(id: string): Effect.Effect<Workload, ScriptedFault> {
    return Effect.suspend(() => {
      const workload = this.workloads.get(id)
      return workload === undefined
        ? Effect.fail(new ScriptedFault({ kind: "not-found", text: `workload ${id} is not at this place` }))
        : Effect.succeed(workload)
    })
  }
}

/** Id that a handle of this place carries. */
export const idOf = ({ state }: Handle): string =>
  typeof state === "object" && state !== null && "id" in state && typeof state["id"] === "string" ? state["id"] : ""
