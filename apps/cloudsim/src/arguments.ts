import { parseArgs } from "node:util"
import { homedir } from "node:os"
import { join } from "node:path"

/** What the command line asks for. */
export interface Asked {
  readonly cloud: "aws"
  readonly stateDir: string
  readonly execParent: string
  readonly port: number
  readonly region: string
  readonly account: string
  readonly isRealistic: boolean
  readonly mirrors: ReadonlyArray<string>
  readonly insecure: ReadonlyArray<string>
  readonly seed: number
  /** End all workloads and give the machine back, instead of starting. */
  readonly removes: boolean
}

/** The text of `--help`. */
const usage = `usage: cloudsim aws [options]

Plays a cloud on this machine and runs its workloads for real. State and workloads survive its death; the same command
goes on with them.

  --state-dir DIR     where everything is kept (/var/lib/cloudsim/aws, or below the home folder without root)
  --port N            port on loopback and on the workloads' gateway; 0 for any, kept from run to run (4566)
  --region NAME       the region (us-east-1)
  --account ID        the account (123456789012)
  --realistic         take as long as the services do
  --mirror URL        ask this registry before docker.io; may be repeated
  --insecure HOST     reach this registry without TLS; may be repeated
  --seed N            seed of the faults that come by chance (1)
  --remove            end every workload, give the machine back and stop
`

const defaultStateDir = (cloud: string): string =>
  process.getuid?.() === 0 ? `/var/lib/cloudsim/${cloud}` : join(homedir(), ".local/state/cloudsim", cloud)

/** Reads the command line; a text is why it cannot be followed. */
export const readArguments = (argv: ReadonlyArray<string>): Asked | string => {
  const [cloud, ...rest] = argv
  if (cloud !== "aws") return usage
  try {
    const { values } = parseArgs({
      args: rest,
      options: {
        "state-dir": { type: "string" },
        port: { type: "string", default: "4566" },
        region: { type: "string", default: "us-east-1" },
        account: { type: "string", default: "123456789012" },
        realistic: { type: "boolean", default: false },
        mirror: { type: "string", multiple: true, default: [] },
        insecure: { type: "string", multiple: true, default: [] },
        seed: { type: "string", default: "1" },
        remove: { type: "boolean", default: false },
        help: { type: "boolean", default: false }
      }
    })
    if (values.help) return usage
    return {
      cloud,
      stateDir: values["state-dir"] ?? defaultStateDir(cloud),
      execParent: process.getuid?.() === 0 ? "/run" : join(homedir(), ".local/state/cloudsim"),
      port: Number(values.port),
      region: values.region,
      account: values.account,
      isRealistic: values.realistic,
      mirrors: values.mirror,
      insecure: values.insecure,
      seed: Number(values.seed),
      removes: values.remove
    }
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${usage}`
  }
}
