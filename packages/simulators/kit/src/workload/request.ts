import type { ImageRecord } from "@sockerless/images"
import type { MountRequest, Resources } from "@sockerless/oci-runtime"

/** One container of a workload, everything a cloud's API said about it resolved. */
export interface WorkloadRequest {
  /** 64 hex digits, derived by the caller from its own names so that a restart finds the same container. */
  readonly id: string
  /** The network group it runs in. */
  readonly group: string
  readonly image: ImageRecord
  /** Instead of the image's entrypoint; the image's command falls away with it. */
  readonly entrypoint: ReadonlyArray<string> | undefined
  /** Instead of the image's command. */
  readonly command: ReadonlyArray<string> | undefined
  /** Added to the image's. */
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string | undefined
  readonly user: string | undefined
  readonly hostname: string
  readonly mounts: ReadonlyArray<MountRequest>
  readonly readOnlyRoot: boolean
  readonly resources: Resources
  readonly capAdd: ReadonlyArray<string>
  readonly capDrop: ReadonlyArray<string>
  readonly init: boolean
  readonly tty: boolean
  readonly ulimits: ReadonlyArray<{ readonly name: string; readonly soft: number; readonly hard: number }>
}

/** How a container ended. */
export interface WorkloadExit {
  readonly exitCode: number
  readonly oomKilled: boolean
  /** Milliseconds since the epoch, real time. */
  readonly finishedAt: number
}

/** A set of containers that share one network interface. */
export interface WorkloadGroup {
  readonly id: string
  readonly ip: string
  readonly mac: string
}
