import { spawn, type ChildProcess } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { AgentLink, tokenFor, type Workload } from "@sockerless/agent-link"
import { outputCutter, type OutputRecord } from "@sockerless/agent-link/protocol"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Proxy } from "./proxy.ts"

const secret = "the daemon's own"
const subject = "c".repeat(64)

/** Polls until it is true; generous, because the machine may be busy. */
export const until = async (what: string, is: () => boolean | Promise<boolean>, millis = 60_000): Promise<void> => {
  const end = performance.now() + millis
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`not within ${millis} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The records of a log file; a cut one at the end is left out. */
export const recordsIn = (file: string): ReadonlyArray<OutputRecord> =>
  existsSync(file) ? outputCutter().push(readFileSync(file)) : []

export const textOf = (records: ReadonlyArray<OutputRecord>, source: number): string =>
  Buffer.concat(records.filter((record) => record.source === source).map(({ bytes }) => bytes)).toString()

/** One workload's surroundings: a port that stays, a log, claims, and agents and daemons that come and go. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "agent-"))
  readonly log = join(this.folder, "log")
  readonly proxy = new Proxy()
  readonly claims: Array<string> = []
  readonly #agents: Array<ChildProcess> = []
  #port = 0
  #token = ""
  #scope: Scope.Closeable | undefined

  static async open(): Promise<Stage> {
    const stage = new Stage()
    stage.#port = await stage.proxy.listen()
    return stage
  }

  /** A daemon behind the port; the one before it ends. */
  async daemon(epoch = 1): Promise<Workload> {
    await this.endDaemon()
    const scope = Scope.makeUnsafe()
    this.#scope = scope
    const layer = AgentLink.layer({
      host: "127.0.0.1",
      port: 0,
      secret,
      epoch,
      claim: async (_, __, claimant) => {
        if (this.claims.length === 0) this.claims.push(claimant)
        return this.claims[0] === claimant
      }
    })
    const link = Context.get(await Effect.runPromise(Layer.buildWithScope(layer, scope)), AgentLink)
    const workload = await Effect.runPromise(link.expect(subject, 1, this.log))
    this.#token = link.tokenFor(subject, 1)
    this.proxy.target = link.port
    return workload
  }

  /** A daemon as a process of its own, which a kill point may end; resolves when it listens. */
  async daemonProcess(epoch: number, killpoints: string): Promise<{ readonly exit: Promise<string | number> }> {
    const portFile = join(this.folder, "port")
    rmSync(portFile, { force: true })
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL("./daemon.ts", import.meta.url)), this.folder, subject, secret, String(epoch)],
      { env: { ...process.env, SOCKERLESSD_KILLPOINTS: killpoints }, stdio: ["ignore", "inherit", "ignore"] }
    )
    this.#agents.push(child)
    const exit = new Promise<string | number>((resolve) => {
      child.on("exit", (code, signal) => resolve(signal ?? code ?? -1))
    })
    await until("the daemon listens", () => existsSync(portFile) && readFileSync(portFile, "utf8") !== "")
    this.proxy.target = Number(readFileSync(portFile, "utf8"))
    this.#token = tokenFor(secret, subject, 1)
    return { exit }
  }

  async endDaemon(): Promise<void> {
    const scope = this.#scope
    this.#scope = undefined
    if (scope !== undefined) await Effect.runPromise(Scope.close(scope, Exit.void))
  }

  /** Starts an agent that is to run a process; resolves `exit` with how the agent itself ended. */
  agent(
    argv: ReadonlyArray<string>,
    more: {
      readonly stdin?: boolean
      readonly tty?: boolean
      readonly env?: NodeJS.ProcessEnv
      readonly token?: string
      /** The built agent instead of the sources. */
      readonly program?: string
    } = {}
  ): { readonly child: ChildProcess; readonly exit: Promise<number | string> } {
    return this.launch(process.execPath, [more.program ?? join(import.meta.dirname, "../src/main.ts")], {
      PATH: process.env["PATH"],
      ...this.environment(argv, more)
    })
  }

  /** What an agent of this workload is told. */
  environment(
    argv: ReadonlyArray<string>,
    more: {
      readonly stdin?: boolean
      readonly tty?: boolean
      readonly env?: NodeJS.ProcessEnv
      readonly token?: string
      readonly workingDir?: string
      readonly user?: string
    } = {}
  ): NodeJS.ProcessEnv {
    return {
      SKLS_CALLBACKS: `ws://127.0.0.1:${this.#port}`,
      SKLS_SUBJECT: subject,
      SKLS_RUN: "1",
      SKLS_TOKEN: more.token ?? this.#token,
      SKLS_SPOOL_FOLDER: join(this.folder, "spool"),
      SKLS_LINGER_SECONDS: "60",
      SKLS_PROCESS: JSON.stringify({
        argv,
        env: [],
        workingDir: more.workingDir ?? this.folder,
        user: more.user ?? "",
        tty: more.tty === true,
        stdin: more.stdin === true
      }),
      ...more.env
    }
  }

  /** Starts a program that is, or holds, an agent; it is killed when the stage closes. */
  launch(
    program: string,
    args: ReadonlyArray<string>,
    env: NodeJS.ProcessEnv
  ): { readonly child: ChildProcess; readonly exit: Promise<number | string> } {
    const child = spawn(program, args, { env, stdio: ["ignore", "inherit", "inherit"] })
    this.#agents.push(child)
    const exit = new Promise<number | string>((resolve) => {
      child.on("exit", (code, signal) => resolve(signal ?? code ?? -1))
    })
    return { child, exit }
  }

  get records(): ReadonlyArray<OutputRecord> {
    return recordsIn(this.log)
  }

  /** The user's process, as the agent has told it. */
  get pid(): number {
    const note = this.records.find(({ source }) => source === 3)
    return Number(/"pid":(\d+)/.exec(note?.bytes.toString() ?? "")?.[1] ?? 0)
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.kill("SIGKILL")
    const { pid } = this
    if (pid > 0) {
      try {
        process.kill(pid, "SIGKILL")
      } catch {
        // It has ended by itself.
      }
    }
    this.proxy.close()
    await this.endDaemon()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
