import type { EndpointFacts, ExitReport, Launch, PublishedPort, Started } from "@sockerless/backend-contract"
import type { Server, Socket } from "node:net"
import { type FileTree, imageTree } from "./file-tree.ts"
import { Output } from "./output.ts"
import type { RunningProcess } from "./process.ts"

/** A run of a workload: its process, and what it holds while it runs. */
export interface Run {
  readonly process: RunningProcess
  readonly startedAt: string
  readonly ports: ReadonlyArray<PublishedPort>
  readonly servers: ReadonlyArray<Server>
}

/** One workload of this place. It outlives every backend that is made over the place. */
export interface Workload {
  launch: Launch
  readonly root: FileTree
  readonly image: FileTree
  readonly output: Output
  run: Run | undefined
  paused: boolean
  exit: ExitReport | undefined
  /** Its end left no trace. */
  lost: boolean
  readonly endpoints: Map<string, EndpointFacts>
  readonly execs: Set<RunningProcess>
  readonly acceptors: Map<number, (socket: Socket) => void>
  /** Clients that attached before there was a process. */
  readonly waitingForStdin: Set<(process: RunningProcess) => void>
}

export const newWorkload = (launch: Launch): Workload => {
  const image = imageTree()
  const root = image.copy()
  for (const { destination } of launch.spec.mounts) root.folder(destination)
  return {
    launch,
    root,
    image: root.copy(),
    output: new Output(),
    run: undefined,
    paused: false,
    exit: undefined,
    lost: false,
    endpoints: new Map(),
    execs: new Set(),
    acceptors: new Map(),
    waitingForStdin: new Set()
  }
}

/** What a start tells, the same whoever asks. */
export const startedOf = (workload: Workload, run: Run, backend: string): Started => ({
  handle: { backend, version: 1, state: { id: workload.launch.spec.id } },
  pid: run.process.pid,
  startedAt: run.startedAt,
  endpoints: Object.fromEntries(workload.endpoints),
  ports: run.ports
})
