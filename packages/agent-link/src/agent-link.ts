import { Context, Effect, Layer } from "effect"
import { AgentLinkFailed } from "./faults.ts"
import { AgentListener } from "./listener.ts"
import { isToken, tokenFor } from "./token.ts"
import { Workload } from "./workload.ts"

export interface AgentLinkOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** Known to every life of this daemon and to nobody else. */
  readonly secret: string
  readonly epoch: number
  /** The first claimant of a run may run the user's process: `Ledger.claim`. */
  readonly claim: (subject: string, run: number, claimant: string) => Promise<boolean>
  readonly pingMillis?: number
}

const PING_MILLIS = 15_000

/** The daemon's side of all agents: they dial back, prove who they are, and are handed to their workloads. */
export class AgentLink extends Context.Service<
  AgentLink,
  {
    readonly port: number
    /** What the agent of a run must show; to be put into the workload's environment. */
    readonly tokenFor: (subject: string, run: number) => string
    /**
     * The workload of a run, for as long as the scope lives: agents of a run that nobody expects are told to come
     * again. After a crash of the daemon the same call goes on where the log ends.
     */
    readonly expect: (subject: string, run: number, logFile: string) => Effect.Effect<Workload, AgentLinkFailed>
    /** No longer waits for it. Idempotent. */
    readonly release: (subject: string, run: number) => Effect.Effect<void>
  }
>()("@sockerless/agent-link/AgentLink") {
  /** Listens as long as the scope lives. */
  static readonly layer = (options: AgentLinkOptions): Layer.Layer<AgentLink, AgentLinkFailed> =>
    Layer.effect(
      AgentLink,
      Effect.gen(function* () {
        const workloads = new Map<string, Workload>()
        const keyOf = (subject: string, run: number) => `${subject}/${run}`
        const listener = new AgentListener({
          host: options.host,
          port: options.port,
          pingMillis: options.pingMillis ?? PING_MILLIS,
          admit: (subject, run, token) => {
            if (!isToken(options.secret, subject, run, token)) return "forbidden"
            const workload = workloads.get(keyOf(subject, run))
            return workload === undefined ? "unknown" : (wire) => workload.session.connect(wire)
          }
        })
        const port = yield* Effect.acquireRelease(
          Effect.tryPromise({
            try: () => listener.listen(),
            catch: (cause) =>
              new AgentLinkFailed({ what: `listening on ${options.host}:${options.port}`, reason: String(cause) })
          }),
          () =>
            Effect.promise(async () => {
              await listener.close()
              await Promise.all([...workloads.values()].map((workload) => workload.close()))
            })
        )
        return {
          port,
          tokenFor: (subject, run) => tokenFor(options.secret, subject, run),
          expect: (subject, run, logFile) =>
            Effect.try({
              try: () => {
                const known = workloads.get(keyOf(subject, run))
                if (known !== undefined) return known
                const made = new Workload({
                  subject,
                  run,
                  logFile,
                  epoch: options.epoch,
                  claim: (claimant) => options.claim(subject, run, claimant)
                })
                workloads.set(keyOf(subject, run), made)
                return made
              },
              catch: (cause) => new AgentLinkFailed({ what: `the log ${logFile}`, reason: String(cause) })
            }),
          release: (subject, run) =>
            Effect.promise(async () => {
              const workload = workloads.get(keyOf(subject, run))
              workloads.delete(keyOf(subject, run))
              await workload?.close()
            })
        }
      })
    )
}
