import type { Config, Tls } from "../config/config.ts"
import type { Host } from "../config/hosts.ts"

/** A listening socket that the launcher bound and the daemon serves. */
export interface HeldSocket {
  readonly fd: number
  readonly kind: "unix" | "tcp" | "tls"
  readonly host: Host
}

/** What the launcher hands to every life of the daemon. */
export interface LaunchOrder {
  readonly config: Config
  readonly tls: Tls | undefined
  readonly sockets: ReadonlyArray<HeldSocket>
  readonly readyFile: string
}

/** Environment variable that carries the launch order as JSON. */
export const LAUNCH_ORDER = "SOCKERLESSD_LAUNCH_ORDER"

/** How the daemon ends when starting it again cannot help; the supervisor then ends too (EX_CONFIG of sysexits). */
export const EXIT_HOPELESS = 78

/** The files the launcher starts: the daemon's program and the supervisor's shell script. */
export interface LaunchFiles {
  readonly daemon: string
  readonly supervisor: string
}
