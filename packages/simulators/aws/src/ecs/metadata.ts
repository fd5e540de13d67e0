import { jsonReply, type WireReply, type WireRequest } from "@sockerless/simulator-kit"
import type { TaskContainer, TaskRecord } from "./records.ts"
import { type EcsShelf, taskArn } from "./shelf.ts"
import { containerArn, defined } from "./shown-task.ts"

/** Where workloads find what they are, with a container's id behind it. */
export const METADATA_PREFIX = "/v4/"

const time = (millis: number | undefined): string | undefined =>
  millis === undefined ? undefined : new Date(millis).toISOString()

const shownContainer = (shelf: EcsShelf, task: TaskRecord, container: TaskContainer): object =>
  defined({
    DockerId: container.runtimeId,
    Name: container.name,
    DockerName: container.name,
    Image: container.image,
    ImageID: container.imageDigest,
    Labels: {
      "com.amazonaws.ecs.cluster": task.cluster,
      "com.amazonaws.ecs.container-name": container.name,
      "com.amazonaws.ecs.task-arn": taskArn(shelf.world, task),
      "com.amazonaws.ecs.task-definition-family": task.family,
      "com.amazonaws.ecs.task-definition-version": String(task.revision)
    },
    DesiredStatus: task.desiredStatus,
    KnownStatus: container.lastStatus,
    ExitCode: container.exitCode,
    CreatedAt: time(task.createdAt),
    StartedAt: time(task.startedAt),
    Type: "NORMAL",
    ContainerARN: containerArn(shelf.world, task, container),
    Networks: [{ NetworkMode: "awsvpc", IPv4Addresses: [task.ip ?? ""], MACAddress: task.mac ?? "" }]
  })

const shownTask = (shelf: EcsShelf, task: TaskRecord): object =>
  defined({
    Cluster: task.cluster,
    TaskARN: taskArn(shelf.world, task),
    Family: task.family,
    Revision: String(task.revision),
    DesiredStatus: task.desiredStatus,
    KnownStatus: task.lastStatus,
    Limits: { CPU: Number(task.cpu ?? "0") / 1024, Memory: Number(task.memory ?? "0") },
    PullStartedAt: time(task.pullStartedAt),
    PullStoppedAt: time(task.pullStoppedAt),
    AvailabilityZone: `${shelf.world.region}a`,
    LaunchType: task.launchType,
    Containers: task.containers.map((container) => shownContainer(shelf, task, container))
  })

/** Answers the task metadata endpoint, version 4. */
export const answerMetadata = (shelf: EcsShelf, request: WireRequest): WireReply => {
  const [id = "", what = ""] = request.path.slice(METADATA_PREFIX.length).split("/")
  for (const task of shelf.tasks.all()) {
    const container = task.containers.find((candidate) => candidate.runtimeId === id)
    if (container === undefined) continue
    if (what === "") return jsonReply(shownContainer(shelf, task, container))
    if (what === "task" || what === "taskWithTags") return jsonReply(shownTask(shelf, task))
  }
  return jsonReply({ message: "unable to find that container" }, 404)
}
