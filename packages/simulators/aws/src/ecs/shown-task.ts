import { tagsOf, type World } from "../world.ts"
import type { TaskContainer, TaskRecord } from "./records.ts"
import { clusterArn, definitionArn, type EcsShelf, taskArn } from "./shelf.ts"
import { tagListOf } from "./tag-list.ts"

const seconds = (millis: number | undefined): number | undefined => (millis === undefined ? undefined : millis / 1000)

/** An object without its undefined members. */
export const defined = (object: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

export const containerArn = (world: World, task: TaskRecord, container: TaskContainer): string =>
  world.arn("ecs", `container/${task.cluster}/${task.id}/${container.arnId}`)

const shownContainer = (world: World, task: TaskRecord, container: TaskContainer) =>
  defined({
    containerArn: containerArn(world, task, container),
    taskArn: taskArn(world, task),
    name: container.name,
    image: container.image,
    imageDigest: container.imageDigest,
    runtimeId: container.lastStatus === "PENDING" ? undefined : container.runtimeId,
    lastStatus: container.lastStatus,
    exitCode: container.exitCode,
    reason: container.reason,
    networkBindings: [],
    networkInterfaces: task.ip === undefined ? [] : [{ attachmentId: task.attachmentId, privateIpv4Address: task.ip }],
    healthStatus: "UNKNOWN",
    cpu: "0"
  })

const attachmentOf = (task: TaskRecord) => ({
  id: task.attachmentId,
  type: "ElasticNetworkInterface",
  status: task.attachmentStatus,
  details: [
    { name: "subnetId", value: task.subnet },
    ...(task.ip === undefined
      ? []
      : [
          { name: "networkInterfaceId", value: task.eniId },
          { name: "macAddress", value: task.mac ?? "" },
          { name: "privateDnsName", value: `ip-${task.ip.replaceAll(".", "-")}.ec2.internal` },
          { name: "privateIPv4Address", value: task.ip }
        ])
  ]
})

/** A task as the API shows it. */
export const shownTask = (shelf: EcsShelf, task: TaskRecord, withTags: boolean, asOf?: number): object => {
  const { world } = shelf
  const arn = taskArn(world, task)
  return defined({
    taskArn: arn,
    clusterArn: clusterArn(world, task.cluster),
    taskDefinitionArn: definitionArn(world, task),
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    version: task.version,
    group: task.group,
    startedBy: task.startedBy,
    launchType: task.launchType,
    platformVersion: "1.4.0",
    platformFamily: "Linux",
    cpu: task.cpu,
    memory: task.memory,
    availabilityZone: `${world.region}a`,
    connectivity: task.ip === undefined ? undefined : "CONNECTED",
    connectivityAt: task.ip === undefined ? undefined : seconds(task.createdAt),
    enableExecuteCommand: task.enableExecuteCommand,
    ephemeralStorage: { sizeInGiB: 20 },
    healthStatus: "UNKNOWN",
    overrides: task.overrides,
    inferenceAccelerators: [],
    attributes: [{ name: "ecs.cpu-architecture", value: process.arch === "arm64" ? "arm64" : "x86_64" }],
    createdAt: seconds(task.createdAt),
    pullStartedAt: seconds(task.pullStartedAt),
    pullStoppedAt: seconds(task.pullStoppedAt),
    startedAt: seconds(task.startedAt),
    stoppingAt: seconds(task.stoppingAt),
    executionStoppedAt: seconds(task.executionStoppedAt),
    stoppedAt: seconds(task.stoppedAt),
    stopCode: task.stopCode,
    stoppedReason: task.stoppedReason,
    attachments: [attachmentOf(task)],
    containers: task.containers.map((container) => shownContainer(world, task, container)),
    tags: withTags ? tagListOf(tagsOf(world, arn, asOf)) : []
  })
}
