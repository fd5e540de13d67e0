import type { MountRequest } from "@sockerless/oci-runtime"
import { WorkloadFailed } from "@sockerless/simulator-kit"
import { Deferred, Effect } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { pullImage } from "../ecs/pull-images.ts"
import { mountFolder } from "../efs/shelf.ts"
import { followContainer } from "../logs/follow-container.ts"
import type { FunctionRecord, SandboxRecord } from "./records.ts"
import { type Invocation, type Outcome, Sandbox } from "./sandbox.ts"
import type { LambdaShelf } from "./shelf.ts"

/** AWS gives the init phase ten seconds. */
const INIT_MILLIS = 10_000
/** How long a copy without work is kept. */
const IDLE_MILLIS = 5 * 60_000
const SIGKILL = 9

const logGroup = (name: string): string => `/aws/lambda/${name}`

/** The running copies of all functions. */
export class Sandboxes {
  readonly #shelf: LambdaShelf
  readonly #live = new Map<string, Sandbox>()
  readonly #claims = new Map<string, number>()

  constructor(shelf: LambdaShelf) {
    this.#shelf = shelf
  }

  /** The copy behind an address: workloads are known by theirs. */
  at(ip: string): Sandbox | undefined {
    return [...this.#live.values()].find((sandbox) => sandbox.record.ip === ip)
  }

  /** Takes one of a function's places, which `run` gives back; false when all that are reserved are taken. */
  claim(record: FunctionRecord): boolean {
    const taken = this.#claims.get(record.name) ?? 0
    if (record.reservedConcurrency !== undefined && taken >= record.reservedConcurrency) return false
    this.#claims.set(record.name, taken + 1)
    return true
  }

  /** Containers and groups that must be kept when the simulator starts. */
  known(): ReadonlyArray<SandboxRecord> {
    return this.#shelf.sandboxes.all()
  }

  /** Runs an invocation in a free copy, or in a new one; its place was claimed before. */
  run(
    record: FunctionRecord,
    request: { readonly requestId: string; readonly payload: Buffer }
  ): Effect.Effect<Outcome> {
    return Effect.gen({ self: this }, function* () {
      const warm = [...this.#live.values()].find(
        (sandbox) =>
          sandbox.isFree && sandbox.record.function === record.name && sandbox.record.revision === record.revision
      )
      warm?.reserve()
      const sandbox = warm ?? (yield* this.#create(record))
      if (warm !== undefined) yield* this.#shelf.world.host.thaw(sandbox.record.runtimeId)
      else if (!(yield* this.#ready(sandbox))) return yield* this.#ended(sandbox)
      return yield* this.#work(record, sandbox, this.#invocation(record, request))
    }).pipe(
      Effect.catchTag("WorkloadFailed", (fault) => Effect.succeed<Outcome>({ kind: "failed", reason: fault.message })),
      Effect.ensuring(Effect.sync(() => this.#claims.set(record.name, (this.#claims.get(record.name) ?? 1) - 1)))
    )
  }

  /** Answers `next`: a runtime without work is frozen until there is some. */
  next(sandbox: Sandbox): Effect.Effect<Invocation> {
    const { host } = this.#shelf.world
    const freeze = host.freeze(sandbox.record.runtimeId).pipe(Effect.catch((fault) => Effect.logWarning(fault.message)))
    // A moment later, so that the request itself has left the process.
    return sandbox.next(
      this.#shelf.world.fork(
        Effect.andThen(
          Effect.sleep(1),
          Effect.suspend(() => (sandbox.isIdle ? freeze : Effect.void))
        )
      )
    )
  }

  /** Ends the idle copies of a function, and the busy ones when they are done. */
  retire(name: string): Effect.Effect<void> {
    const idle = [...this.#live.values()].filter((sandbox) => sandbox.record.function === name && sandbox.isIdle)
    return Effect.forEach(idle, (sandbox) => this.#remove(sandbox), { discard: true })
  }

  /** Goes on with copies that were at work when the simulator died; those without work are ended. */
  takeUp(onEnd: (requestId: string, outcome: Outcome) => Effect.Effect<void>): Effect.Effect<void> {
    const { world, sandboxes } = this.#shelf
    return Effect.forEach(
      sandboxes.all(),
      (record) => {
        const sandbox = new Sandbox(record)
        const { requestId, deadlineAt } = record
        if (requestId === undefined || deadlineAt === undefined || world.host.observe(record.runtimeId) !== "Running")
          return Effect.andThen(
            this.#abandon(sandbox),
            requestId === undefined ? Effect.void : onEnd(requestId, { kind: "exit", code: 1 })
          )
        this.#live.set(record.id, sandbox)
        const done = Deferred.makeUnsafe<Outcome>()
        sandbox.current = { requestId, payload: Buffer.alloc(0), deadlineAt, done }
        return world.fork(
          Effect.gen({ self: this }, function* () {
            yield* this.#follow(record)
            yield* onEnd(requestId, yield* this.#outcome(sandbox, sandbox.current?.done ?? done, deadlineAt))
          })
        )
      },
      { discard: true }
    )
  }

  #invocation(record: FunctionRecord, request: { readonly requestId: string; readonly payload: Buffer }): Invocation {
    return {
      ...request,
      deadlineAt: this.#shelf.world.simulation.clock.now() + record.timeout * 1000,
      done: Deferred.makeUnsafe<Outcome>()
    }
  }

  #work(record: FunctionRecord, sandbox: Sandbox, invocation: Invocation): Effect.Effect<Outcome> {
    const { sandboxes, world, logs } = this.#shelf
    return Effect.gen({ self: this }, function* () {
      const { requestId, deadlineAt } = invocation
      const busy = sandboxes.put(sandbox.record.id, { ...sandbox.record, requestId, deadlineAt })
      yield* world.simulation.book.settle
      const say = (message: string): void =>
        logs.append(logGroup(record.name), sandbox.record.stream, [
          { timestamp: world.simulation.clock.now(), message }
        ])
      say(`START RequestId: ${requestId} Version: $LATEST`)
      const startedAt = world.simulation.clock.now()
      yield* sandbox.give(invocation)
      const outcome = yield* this.#outcome(sandbox, invocation.done, deadlineAt)
      const millis = world.simulation.clock.now() - startedAt
      if (outcome.kind === "timeout")
        say(`${new Date().toISOString()} ${requestId} Task timed out after ${record.timeout.toFixed(2)} seconds`)
      say(`END RequestId: ${requestId}`)
      say(
        `REPORT RequestId: ${requestId}\tDuration: ${millis.toFixed(2)} ms\tBilled Duration: ${Math.ceil(millis)} ms\tMemory Size: ${record.memorySize} MB\tMax Memory Used: ${record.memorySize} MB`
      )
      const { requestId: _, deadlineAt: __, ...idle } = busy
      if (sandboxes.has(idle.id)) sandboxes.put(idle.id, idle)
      yield* world.simulation.book.settle
      return outcome
    })
  }

  /** Waits for the runtime's word, its end, or the deadline; after the last two the copy is gone. */
  #outcome(sandbox: Sandbox, done: Deferred.Deferred<Outcome>, deadlineAt: number): Effect.Effect<Outcome> {
    const { clock } = this.#shelf.world.simulation
    return Effect.gen({ self: this }, function* () {
      const outcome = yield* Effect.raceAllFirst<Effect.Effect<Outcome>>([
        Deferred.await(done),
        Effect.map(this.#shelf.world.host.exit(sandbox.record.runtimeId), ({ exitCode }) => ({
          kind: "exit",
          code: exitCode
        })),
        Effect.as(
          Effect.suspend(() => clock.sleep(deadlineAt - clock.now())),
          { kind: "timeout" } as const
        )
      ])
      if (outcome.kind === "exit" || outcome.kind === "timeout") yield* this.#remove(sandbox)
      else yield* this.#expire(sandbox)
      return outcome
    })
  }

  #ready(sandbox: Sandbox): Effect.Effect<boolean> {
    const { host, simulation } = this.#shelf.world
    return Effect.raceAllFirst([
      Effect.as(Deferred.await(sandbox.ready), true),
      Effect.as(host.exit(sandbox.record.runtimeId), false),
      Effect.as(simulation.clock.sleep(INIT_MILLIS), true)
    ])
  }

  #ended(sandbox: Sandbox): Effect.Effect<Outcome> {
    return Effect.gen({ self: this }, function* () {
      const { exitCode } = yield* this.#shelf.world.host.exit(sandbox.record.runtimeId)
      yield* this.#remove(sandbox)
      const outcome: Outcome = { kind: "exit", code: exitCode }
      return outcome
    })
  }

  /** Ends a copy that has had no work for a while, or belongs to an older revision. */
  #expire(sandbox: Sandbox): Effect.Effect<void> {
    const { world, functions } = this.#shelf
    const { uses } = sandbox
    return world.fork(
      Effect.gen({ self: this }, function* () {
        const isOld = functions.get(sandbox.record.function)?.revision !== sandbox.record.revision
        if (!isOld) yield* world.simulation.clock.sleep(IDLE_MILLIS)
        if (sandbox.current === undefined && sandbox.uses === uses) yield* this.#remove(sandbox)
      })
    )
  }

  #create(record: FunctionRecord): Effect.Effect<Sandbox, WorkloadFailed> {
    const { world, sandboxes } = this.#shelf
    return Effect.gen({ self: this }, function* () {
      const id = randomBytes(16).toString("hex")
      const runtimeId = createHash("sha256").update(`lambda\n${id}`).digest("hex")
      const image = yield* pullImage(world, record.resolvedUri)
      const group = yield* world.host.join(id)
      const date = new Date(world.simulation.clock.now()).toISOString().slice(0, 10).replaceAll("-", "/")
      const row = sandboxes.put(id, {
        id,
        runtimeId,
        function: record.name,
        revision: record.revision,
        stream: `${date}/[$LATEST]${id}`,
        ip: group.ip
      })
      yield* world.simulation.book.settle
      const sandbox = new Sandbox(row)
      // Made for an invocation: it is not idle, and not frozen, before it has had that one.
      sandbox.reserve()
      this.#live.set(id, sandbox)
      const mounts = yield* this.#mounts(record)
      yield* world.host
        .start({
          id: runtimeId,
          group: id,
          image,
          entrypoint: record.imageConfig?.EntryPoint,
          command: record.imageConfig?.Command,
          env: this.#environment(record, row),
          workingDir: record.imageConfig?.WorkingDirectory,
          user: undefined,
          hostname: group.ip,
          mounts,
          readOnlyRoot: true,
          resources: { memoryBytes: record.memorySize * 1024 * 1024 },
          capAdd: [],
          capDrop: [],
          init: false,
          tty: false,
          ulimits: []
        })
        .pipe(Effect.tapError(() => this.#remove(sandbox)))
      yield* this.#follow(row)
      return sandbox
    }).pipe(Effect.uninterruptible)
  }

  #mounts(record: FunctionRecord): Effect.Effect<ReadonlyArray<MountRequest>, WorkloadFailed> {
    const tmp: MountRequest = {
      type: "tmpfs",
      destination: "/tmp",
      options: [`size=${record.ephemeralStorage}m`, "mode=1777", "exec"]
    }
    return Effect.map(
      Effect.forEach(record.fileSystems, (config) =>
        Effect.gen({ self: this }, function* () {
          const accessPoint = config.Arn.split("/").at(-1) ?? ""
          const fileSystem = this.#shelf.efs.accessPoints.get(accessPoint)?.fileSystem ?? ""
          const source = yield* mountFolder(this.#shelf.efs, { fileSystem, path: "/", accessPoint }).pipe(
            Effect.mapError((fault) => new WorkloadFailed({ stage: "start", reason: fault.message }))
          )
          const mount: MountRequest = {
            type: "bind",
            source,
            destination: config.LocalMountPath,
            readOnly: false,
            recursive: true,
            propagation: "rprivate"
          }
          return mount
        })
      ),
      (mounts) => [tmp, ...mounts]
    )
  }

  #environment(record: FunctionRecord, row: SandboxRecord): Readonly<Record<string, string>> {
    const { world } = this.#shelf
    const keys = world.credentials.assume(record.role.split("/").at(-1) ?? "role", record.name)
    return {
      AWS_LAMBDA_RUNTIME_API: world.gateway() ?? "",
      AWS_LAMBDA_FUNCTION_NAME: record.name,
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(record.memorySize),
      AWS_LAMBDA_LOG_GROUP_NAME: logGroup(record.name),
      AWS_LAMBDA_LOG_STREAM_NAME: row.stream,
      AWS_REGION: world.region,
      AWS_DEFAULT_REGION: world.region,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
      AWS_ENDPOINT_URL: `http://${world.gateway() ?? ""}`,
      LAMBDA_TASK_ROOT: "/var/task",
      LAMBDA_RUNTIME_DIR: "/var/runtime",
      ...record.environment
    }
  }

  #follow(row: SandboxRecord): Effect.Effect<void> {
    const { world, logs } = this.#shelf
    const group = logGroup(row.function)
    if (!logs.groups.has(group)) logs.createGroup(group)
    return world.fork(
      Effect.asVoid(followContainer(logs, world.host, { id: row.runtimeId, group, stream: row.stream }))
    )
  }

  /** Ends a copy that an earlier run may have been starting. */
  #abandon(sandbox: Sandbox): Effect.Effect<void> {
    return Effect.andThen(
      this.#shelf.world.host
        .settle(sandbox.record.runtimeId)
        .pipe(Effect.catch((fault) => Effect.logWarning(fault.message))),
      this.#remove(sandbox)
    )
  }

  #remove(sandbox: Sandbox): Effect.Effect<void> {
    const { world, sandboxes, logs } = this.#shelf
    const { id, runtimeId } = sandbox.record
    return Effect.gen({ self: this }, function* () {
      this.#live.delete(id)
      if (world.host.observe(runtimeId) === "Running") {
        yield* world.host.thaw(runtimeId)
        yield* world.host.signal(runtimeId, SIGKILL)
        yield* world.host.exit(runtimeId)
      }
      yield* world.host.remove(runtimeId)
      yield* world.host.leave(id)
      logs.forgetIntake(runtimeId)
      sandboxes.delete(id)
      yield* world.simulation.book.settle
    }).pipe(Effect.catchTag("WorkloadFailed", (fault) => Effect.logWarning(fault.message)))
  }
}
