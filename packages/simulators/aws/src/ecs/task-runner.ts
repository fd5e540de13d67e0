import type { WorkloadFailed } from "@sockerless/simulator-kit"
import { Cause, Deferred, Effect, type Exit, Option, Schema } from "effect"
import { endOf } from "./container-end.ts"
import { startContainers, type StartedContainers } from "./start-containers.ts"
import { pullImages, type TaskFailed } from "./pull-images.ts"
import { revisionKey, type TaskContainer, type TaskRecord } from "./records.ts"
import type { EcsShelf } from "./shelf.ts"

type Change = Partial<Omit<TaskRecord, "id" | "version" | "containers">>

const SIGTERM = 15
const SIGKILL = 9
const STOP_TIMEOUT_SECONDS = 30

/**
 * Drives tasks through their states. What a task has reached is durable before the next step begins, and containers
 * are known by ids derived from the task's, so a runner that is started again goes on where the last one died.
 */
export class TaskRunner {
  readonly #shelf: EcsShelf
  readonly #stops = new Map<string, Deferred.Deferred<void>>()
  /** Ends when a container's output is in its log stream. */
  readonly #drained = new Map<string, Deferred.Deferred<void>>()

  constructor(shelf: EcsShelf) {
    this.#shelf = shelf
  }

  /** Takes up a task, new or of the last run. */
  begin(id: string): Effect.Effect<void> {
    return this.#shelf.world.fork(
      this.#run(id).pipe(Effect.catchCause((cause) => Effect.logError(`task ${id} has no runner any more`, cause)))
    )
  }

  /** Asks a task to stop and gives it as it is then. */
  stop(id: string, reason: string): Effect.Effect<TaskRecord> {
    return Effect.suspend(() => {
      const task = this.#task(id)
      if (task.desiredStatus === "RUNNING")
        this.change(id, {
          desiredStatus: "STOPPED",
          stopCode: "UserInitiated",
          stoppedReason: reason,
          stoppingAt: this.#now()
        })
      return Effect.as(Deferred.succeed(this.#stopOf(id), undefined), this.#task(id))
    })
  }

  /** Changes a task's row. */
  change(id: string, change: Change): TaskRecord {
    const task = this.#task(id)
    return this.#shelf.tasks.put(id, { ...task, ...change, version: task.version + 1 })
  }

  /** Changes one container of a task. */
  changeContainer(id: string, name: string, change: Partial<TaskContainer>): void {
    const task = this.#task(id)
    this.#shelf.tasks.put(id, {
      ...task,
      version: task.version + 1,
      containers: task.containers.map((container) =>
        container.name === name ? Object.assign({}, container, change) : container
      )
    })
  }

  /** Makes what was changed durable. */
  get settled(): Effect.Effect<void> {
    return this.#shelf.world.simulation.book.settle
  }

  /** Where whoever follows a container's output says that all of it is in. */
  drainOf(runtimeId: string): Deferred.Deferred<void> {
    const known = this.#drained.get(runtimeId)
    if (known !== undefined) return known
    const made = Deferred.makeUnsafe<void>()
    this.#drained.set(runtimeId, made)
    return made
  }

  #task(id: string): TaskRecord {
    const task = this.#shelf.tasks.get(id)
    if (task === undefined) throw new Error(`task ${id} has no row`)
    return task
  }

  #now(): number {
    return this.#shelf.world.simulation.clock.now()
  }

  #until(at: number): Effect.Effect<void> {
    return Effect.suspend(() => this.#shelf.world.simulation.clock.sleep(at - this.#now()))
  }

  #stopOf(id: string): Deferred.Deferred<void> {
    const known = this.#stops.get(id)
    if (known !== undefined) return known
    const made = Deferred.makeUnsafe<void>()
    this.#stops.set(id, made)
    return made
  }

  #run(id: string): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      if (this.#task(id).lastStatus === "STOPPED") return
      if (this.#task(id).desiredStatus === "RUNNING") {
        const exit = yield* Effect.exit(Effect.raceFirst(this.#live(id), Deferred.await(this.#stopOf(id))))
        this.#judge(id, exit)
        yield* this.settled
      } else yield* this.#takeUpStopping(id)
      yield* this.#windDown(id)
      this.#stops.delete(id)
    })
  }

  /** Follows the output of what still runs of a task that was being stopped when the last runner died. */
  #takeUpStopping(id: string): Effect.Effect<void> {
    return startContainers(this.#shelf, this, this.#task(id), new Map()).pipe(
      Effect.catch((fault) => Effect.logWarning(fault.message)),
      Effect.asVoid
    )
  }

  /** Why a task ends that nobody asked to. */
  #judge(id: string, exit: Exit.Exit<void, TaskFailed | WorkloadFailed>): void {
    if (this.#task(id).desiredStatus === "STOPPED") return
    const failure = exit._tag === "Failure" ? Cause.squash(exit.cause) : undefined
    const reason = failure instanceof Error ? failure.message : String(failure)
    this.change(id, {
      desiredStatus: "STOPPED",
      stoppingAt: this.#now(),
      ...(failure === undefined
        ? { stopCode: "EssentialContainerExited", stoppedReason: "Essential container in task exited" }
        : { stopCode: "TaskFailedToStart", stoppedReason: reason })
    })
  }

  /** From PROVISIONING until an essential container has ended. */
  #live(id: string): Effect.Effect<void, TaskFailed | WorkloadFailed> {
    const { world } = this.#shelf
    return Effect.gen({ self: this }, function* () {
      if (this.#task(id).lastStatus === "PROVISIONING") {
        yield* this.#until(this.#task(id).createdAt + world.timing.taskProvisioningMillis)
        const group = yield* Effect.uninterruptible(world.host.join(id))
        this.change(id, { lastStatus: "PENDING", attachmentStatus: "ATTACHED", ip: group.ip, mac: group.mac })
        // Counted from the state that callers see, which is there before it is durable.
        const due = this.#now() + world.timing.taskPendingMillis
        yield* this.settled
        yield* this.#until(due)
      }
      // A task that ran already is taken up as it is: nothing of it is started a second time.
      const images =
        this.#task(id).lastStatus === "RUNNING" ? new Map() : yield* pullImages(this.#shelf, this, this.#task(id))
      if (this.#task(id).lastStatus === "PENDING") this.change(id, { lastStatus: "ACTIVATING" })
      yield* this.settled
      const started = yield* Effect.uninterruptible(startContainers(this.#shelf, this, this.#task(id), images))
      if (this.#task(id).lastStatus !== "RUNNING") {
        this.change(id, { lastStatus: "RUNNING", startedAt: this.#now() })
        yield* this.settled
      }
      yield* this.#essentialEnd(id, started)
    })
  }

  #essentialEnd(id: string, started: StartedContainers): Effect.Effect<void> {
    const essential = this.#task(id).containers.filter((container) => container.essential)
    return Effect.raceAllFirst(essential.map((container) => Effect.asVoid(started.get(container.name) ?? Effect.never)))
  }

  #windDown(id: string): Effect.Effect<void> {
    const { world } = this.#shelf
    return Effect.gen({ self: this }, function* () {
      const task = this.change(id, { lastStatus: "STOPPING", stoppingAt: this.#task(id).stoppingAt ?? this.#now() })
      yield* this.settled
      yield* Effect.forEach(task.containers, (container) => this.#stopContainer(id, container), {
        concurrency: "unbounded",
        discard: true
      })
      this.change(id, { lastStatus: "DEPROVISIONING", executionStoppedAt: this.#now() })
      const due = this.#now() + world.timing.taskDeprovisioningMillis
      yield* this.settled
      yield* this.#until(due)
      for (const container of task.containers) yield* this.#forget(container)
      yield* world.host.leave(id).pipe(Effect.catch((fault) => Effect.logWarning(fault.message)))
      this.change(id, { lastStatus: "STOPPED", stoppedAt: this.#now(), attachmentStatus: "DELETED" })
      yield* this.settled
    })
  }

  #stopContainer(id: string, container: TaskContainer): Effect.Effect<void> {
    const { host, simulation } = this.#shelf.world
    const { runtimeId, name } = container
    return Effect.gen({ self: this }, function* () {
      if (host.observe(runtimeId) === "Gone") return this.#neverRan(id, container)
      if (host.observe(runtimeId) === "Running") {
        yield* host.signal(runtimeId, SIGTERM)
        const seconds = stopTimeoutOf(this.#shelf, this.#task(id), name) ?? STOP_TIMEOUT_SECONDS
        yield* Effect.raceFirst(host.exit(runtimeId), simulation.clock.sleep(seconds * 1000))
        yield* host.signal(runtimeId, SIGKILL)
      }
      this.changeContainer(id, name, endOf(yield* host.exit(runtimeId)))
      yield* Deferred.await(this.drainOf(runtimeId))
    }).pipe(Effect.catchTag("WorkloadFailed", (fault) => Effect.logWarning(fault.message)))
  }

  #neverRan(id: string, container: TaskContainer): void {
    this.changeContainer(id, container.name, { lastStatus: "STOPPED" })
  }

  #forget(container: TaskContainer): Effect.Effect<void> {
    this.#drained.delete(container.runtimeId)
    this.#shelf.logs.forgetIntake(container.runtimeId)
    return this.#shelf.world.host
      .remove(container.runtimeId)
      .pipe(Effect.catch((fault) => Effect.logWarning(fault.message)))
  }
}

const Timeouts = Schema.Struct({
  containerDefinitions: Schema.Array(
    Schema.Struct({ name: Schema.String, stopTimeout: Schema.optionalKey(Schema.Number) })
  )
})
const decodeTimeouts = Schema.decodeUnknownOption(Timeouts)

const stopTimeoutOf = (shelf: EcsShelf, task: TaskRecord, name: string): number | undefined => {
  const definition = decodeTimeouts(shelf.definitions.get(revisionKey(task.family, task.revision))?.definition)
  return Option.getOrUndefined(definition)?.containerDefinitions.find((container) => container.name === name)
    ?.stopTimeout
}
