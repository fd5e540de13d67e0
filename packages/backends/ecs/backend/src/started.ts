import type { Task } from "@aws-sdk/client-ecs"
import type { EndpointFacts, ExitReport, Launch, Started } from "@sockerless/backend-contract"
import { handleOf, type EcsState } from "./handle.ts"

const ZERO = "0001-01-01T00:00:00Z"

const timeOf = (date: Date | undefined): string => date?.toISOString() ?? ZERO

const addressOf = (task: Task): string =>
  task.attachments?.flatMap((attachment) => attachment.details ?? []).find(({ name }) => name === "privateIPv4Address")
    ?.value ?? ""

const macOf = (task: Task): string =>
  task.attachments?.flatMap((attachment) => attachment.details ?? []).find(({ name }) => name === "macAddress")
    ?.value ?? ""

const endpointsOf = (launch: Launch, task: Task): Readonly<Record<string, EndpointFacts>> =>
  Object.fromEntries(
    Object.keys(launch.spec.network.endpoints).map((networkId) => [
      networkId,
      {
        endpointId: task.taskArn?.split("/").at(-1) ?? "",
        ipAddress: addressOf(task),
        prefixLength: 0,
        gateway: "",
        macAddress: macOf(task),
        ipv6Address: "",
        ipv6PrefixLength: 0,
        ipv6Gateway: "",
        dnsNames: []
      }
    ])
  )

/** A running task as Docker's start tells it. The pid is the number of the run: a task shows no process of its own. */
export const startedOf = (launch: Launch, state: EcsState, task: Task): Started => ({
  handle: handleOf(state),
  pid: state.run,
  startedAt: timeOf(task.startedAt ?? task.createdAt),
  endpoints: endpointsOf(launch, task),
  ports: []
})

/** Exit code of a container that ECS killed for its memory, and of one that ended without telling. */
const KILLED = 137
const UNKNOWN = 255

/** A stopped task as the end of a run. */
export const exitOf = (id: string, run: number, task: Task): ExitReport => {
  const [container] = task.containers ?? []
  const oomKilled = /OutOfMemory/.test(container?.reason ?? "")
  return {
    id,
    pid: run,
    exitCode: container?.exitCode ?? (oomKilled ? KILLED : UNKNOWN),
    oomKilled,
    finishedAt: timeOf(task.stoppedAt ?? task.executionStoppedAt ?? task.stoppingAt)
  }
}
