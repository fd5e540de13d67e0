import type { Fault } from "@sockerless/faults"
import { Effect, Queue, Schedule, type Scope, Stream } from "effect"
import type { Readable, Writable } from "node:stream"
import type { BackendShape, ExecSpec, ExitReport, Handle, Launch, LogOptions, Started } from "../index.ts"
import type { Program } from "./program.ts"
import { newId, plainSpec, type SpecChange } from "./spec.ts"
import type { Subject } from "./subject.ts"

/** A workload that a test made. */
export interface Made {
  readonly launch: Launch
  readonly handle: Handle
}

/** What the tests of the suite work with: one backend, and shorthand for its verbs. */
export interface Bench {
  readonly subject: Subject
  readonly backend: BackendShape
  readonly launch: (argv: Program | ReadonlyArray<string>, change?: SpecChange, more?: Partial<Launch>) => Launch
  /** Creates; what was made is removed at the end of the test. */
  readonly create: (launch: Launch) => Effect.Effect<Made, Fault, Scope.Scope>
  readonly start: (made: Made) => Effect.Effect<Started, Fault>
  readonly running: (
    argv: Program | ReadonlyArray<string>,
    change?: SpecChange,
    more?: Partial<Launch>
  ) => Effect.Effect<Made & { readonly started: Started }, Fault, Scope.Scope>
  /** The next end of this workload. */
  readonly exitOf: (id: string) => Effect.Effect<ExitReport>
  /** Everything it printed, once it has ended. */
  readonly printed: (made: Made, change?: Partial<LogOptions>) => Effect.Effect<Printed, Fault>
  readonly exec: (
    made: Made,
    argv: Program | ReadonlyArray<string>,
    change?: Partial<ExecSpec>
  ) => ReturnType<BackendShape["exec"]>
}

export interface Printed {
  readonly stdout: string
  readonly stderr: string
}

/** Reads a stream to its end. */
export const bytesOf = (readable: Readable): Effect.Effect<Buffer> =>
  Effect.promise(async () => Buffer.concat(await readable.toArray()))

/** What Docker's frames carry, by stream. */
export const unframed = (bytes: Buffer): Printed => {
  const texts = ["", "", ""]
  for (let at = 0; at < bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at + 4)
    texts[bytes[at] ?? 0] += bytes.toString("utf8", at + 8, end)
    at = end
  }
  return { stdout: texts[1] ?? "", stderr: texts[2] ?? "" }
}

/** Reads until the text has come, and leaves the stream open. */
export const readUntil = (readable: Readable, wanted: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    let text = ""
    for await (const chunk of readable.iterator({ destroyOnReturn: false })) {
      text += String(chunk)
      if (text.includes(wanted)) return text
    }
    throw new Error(`the stream ended without ${JSON.stringify(wanted)}: ${JSON.stringify(text)}`)
  })

/** The fault of what must be refused. */
export const faultOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<E, never, R> =>
  Effect.matchEffect(effect, {
    onFailure: Effect.succeed,
    onSuccess: () => Effect.die(new Error("this must be refused, and was not"))
  })

/** Tries again until it succeeds, for as long as a busy machine may need. */
export const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(effect, { schedule: Schedule.spaced("20 millis"), times: 2000 })

/** Types lines at the program `terminal` until it sees this size: a resize and a key may overtake each other. */
export const sizeFollows = (
  session: { readonly input: Writable | undefined; readonly output: Readable },
  size: string
): Effect.Effect<string> =>
  eventually(
    Effect.suspend(() => {
      session.input?.write("line\r")
      return Effect.filterOrFail(
        readUntil(session.output, " line\r\n"),
        (shown) => shown.includes(`${size} line\r\n`),
        () => "not yet"
      )
    })
  ).pipe(Effect.orDie)

export const allLogs: LogOptions = {
  follow: false,
  stdout: true,
  stderr: true,
  timestamps: false,
  detailsPrefix: "",
  tty: false
}

const isProgram = (value: Program | ReadonlyArray<string>): value is Program => "do" in value

/** A fresh backend with a reader of its exits. */
export const makeBench = Effect.fnUntraced(function* (
  make: Effect.Effect<Subject, Fault, Scope.Scope>
): Effect.fn.Return<Bench, Fault, Scope.Scope> {
  const subject = yield* make
  const { backend } = subject
  const reports = yield* Queue.unbounded<ExitReport>()
  const unclaimed: Array<ExitReport> = []
  yield* Effect.forkScoped(Stream.runForEach(backend.exits, (report) => Queue.offer(reports, report)))
  const exitOf = (id: string): Effect.Effect<ExitReport> =>
    Effect.suspend(() => {
      const at = unclaimed.findIndex((report) => report.id === id)
      const [known] = at === -1 ? [] : unclaimed.splice(at, 1)
      if (known !== undefined) return Effect.succeed(known)
      return Effect.flatMap(Queue.take(reports), (report) => {
        unclaimed.push(report)
        return exitOf(id)
      })
    })
  const argvOf = (command: Program | ReadonlyArray<string>) => (isProgram(command) ? subject.command(command) : command)
  const launch: Bench["launch"] = (command, change, more) => ({
    spec: plainSpec(subject.image, argvOf(command), change),
    networks: [],
    joined: {},
    volumeMountpoints: {},
    ...more
  })
  const create: Bench["create"] = (wanted) =>
    Effect.acquireRelease(
      Effect.map(backend.create(wanted, { id: newId() }), (handle) => ({ launch: wanted, handle })),
      (made) => Effect.orDie(backend.remove(made.launch.spec.id, made.handle))
    )
  const start: Bench["start"] = (made) => backend.start(made.launch, made.handle, { id: newId() })
  return {
    subject,
    backend,
    launch,
    create,
    start,
    running: (command, change, more) =>
      Effect.gen(function* () {
        const made = yield* create(launch(command, change, more))
        const started = yield* start(made)
        return { launch: made.launch, handle: started.handle, started }
      }),
    exitOf,
    printed: (made, change) =>
      Effect.map(Effect.flatMap(backend.logs(made.handle, { ...allLogs, ...change }), bytesOf), (bytes) =>
        change?.tty === true ? { stdout: bytes.toString(), stderr: "" } : unframed(bytes)
      ),
    exec: (made, command, change) =>
      backend.exec(made.launch, made.handle, {
        id: newId(),
        argv: argvOf(command),
        env: [],
        workingDir: "",
        user: "",
        privileged: false,
        tty: false,
        stdin: false,
        stdout: true,
        stderr: true,
        ...change
      })
  }
})
