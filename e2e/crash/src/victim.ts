import { type Daemon, startSockerlessd, until } from "@sockerless/e2e-kit"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Violation } from "./api.ts"

const READY_MILLIS = 90_000

const numberIn = (file: string): number => (existsSync(file) ? Number(readFileSync(file, "utf8").trim() || "0") : 0)

/** No process any more, or only its entry in the table. */
const isDead = (pid: number): boolean => {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    // Not even the entry.
    return true
  }
}

/** The daemon that is killed again and again, and what its lives have cost. */
export class Victim {
  readonly daemon: Daemon
  /** Milliseconds from each kill from outside to the next ready daemon. */
  readonly recoveries: Array<number> = []
  #strikes = 0
  #logAtArming = 0
  /** How far the log has been read, and what was counted in it. */
  #read = 0
  #pointsStruck = 0
  #deaths = 0
  readonly #armingFile: string

  private constructor(daemon: Daemon, armingFile: string) {
    this.daemon = daemon
    this.#armingFile = armingFile
  }

  /** Starts the built daemon and takes hold of it. */
  static async start(): Promise<Victim> {
    const armingFile = join(tmpdir(), `crash-armed-${process.pid}-${performance.now()}`)
    const env = { SOCKERLESSD_KILLPOINTS: `@${armingFile}`, SOCKERLESSD_KILLPOINTS_REARM: "1" }
    return new Victim(await startSockerlessd({ env }), armingFile)
  }

  /** Changes with every life, also one that a kill point ends. */
  get life(): number {
    return this.daemon.pid()
  }

  /** SIGKILLs so far, from outside and by kill points. */
  get kills(): number {
    this.#readLog()
    return this.#strikes + this.#pointsStruck
  }

  #readLog(): void {
    const log = this.daemon.log()
    const end = log.lastIndexOf("\n") + 1
    for (const line of log.slice(this.#read, end).split("\n")) {
      if (line.startsWith("killpoint ")) this.#pointsStruck += 1
      if (line.includes("the daemon ended with code")) this.#deaths += 1
    }
    this.#read = Math.max(this.#read, end)
  }

  get #supervisorFile(): string {
    return join(this.daemon.folder, "pid.supervisor")
  }

  /** Waits until a daemon has recovered. */
  async ready(): Promise<void> {
    const readyFile = join(this.daemon.folder, "exec/sockerlessd.ready")
    await until(
      "the daemon has recovered",
      () => {
        const pid = this.daemon.pid()
        if (!existsSync(this.#supervisorFile)) {
          throw new Violation(`the supervisor has given up:\n${this.daemon.log().slice(-4000)}`)
        }
        // Until every kill was followed by its death, the ready one may be about to die.
        const isDying = this.kills > this.#deaths
        return !isDying && pid > 0 && numberIn(readyFile) === pid && !isDead(pid) ? true : undefined
      },
      READY_MILLIS
    )
  }

  async #strike(): Promise<number> {
    const pid = await until(
      "a daemon runs",
      () => {
        const found = this.daemon.pid()
        return found > 0 && !isDead(found) ? found : undefined
      },
      READY_MILLIS
    )
    const at = performance.now()
    process.kill(pid, "SIGKILL")
    this.#strikes += 1
    await until(`daemon ${pid} is dead`, () => (isDead(pid) ? true : undefined))
    return at
  }

  async #recoveredSince(at: number): Promise<void> {
    await this.ready()
    this.recoveries.push(performance.now() - at)
  }

  /** Kills now, and again during the recoveries that follow, each time after its delay. */
  async kill(more: ReadonlyArray<number> = []): Promise<void> {
    let at = await this.#strike()
    for (const delay of more) {
      await sleep(delay)
      at = await this.#strike()
    }
    await this.#recoveredSince(at)
  }

  /** Kills, lets `meanwhile` happen while no daemon is there, then lets the next one start. */
  async killAndHold(meanwhile: () => Promise<void>): Promise<void> {
    const supervisor = numberIn(this.#supervisorFile)
    process.kill(supervisor, "SIGSTOP")
    await this.#strike()
    try {
      await meanwhile()
    } finally {
      process.kill(supervisor, "SIGCONT")
    }
    await this.#recoveredSince(performance.now())
  }

  /** Makes the next lives die at these points, each at its n-th pass, and ends this one. */
  async arm(points: ReadonlyArray<string>, nth: number): Promise<void> {
    this.#logAtArming = this.daemon.log().length
    writeFileSync(this.#armingFile, points.map((point) => `${point}:${nth}`).join(","))
    await this.#strike()
  }

  /** Whether a point has struck since the arming. */
  struck(point: string): boolean {
    return this.daemon.log().slice(this.#logAtArming).includes(`killpoint ${point}:`)
  }

  /** Ends the arming, whether it struck or not. */
  disarm(): void {
    rmSync(this.#armingFile, { force: true })
  }

  /** Ends the daemon with all it made. */
  async end(): Promise<void> {
    rmSync(this.#armingFile, { force: true })
    if (existsSync(this.#supervisorFile)) await this.kill()
    await this.daemon.stop()
  }
}
