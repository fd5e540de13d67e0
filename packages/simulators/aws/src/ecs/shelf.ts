import type { Table } from "@sockerless/simulator-kit"
import { Effect } from "effect"
import type { LogStore } from "../logs/store.ts"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import type { World } from "../world.ts"
import {
  ClusterRecord,
  FamilyRecord,
  revisionKey,
  TaskDefinitionRecord,
  TaskRecord,
  TokenRecord,
  type TaskVolume
} from "./records.ts"

/** Where a shared file system's folder is on this machine. */
export type VolumeFolder = (
  volume: NonNullable<TaskVolume["efsVolumeConfiguration"]>
) => Effect.Effect<string, AwsFault>

/** What every operation of ECS works with. */
export interface EcsShelf {
  readonly world: World
  readonly logs: LogStore
  readonly volumeFolder: VolumeFolder
  readonly clusters: Table<ClusterRecord>
  readonly families: Table<typeof FamilyRecord.Type>
  readonly definitions: Table<TaskDefinitionRecord>
  readonly tasks: Table<TaskRecord>
  readonly tokens: Table<typeof TokenRecord.Type>
}

/** Opens what ECS held before. */
export const openEcs = Effect.fnUntraced(function* (world: World, logs: LogStore, volumeFolder: VolumeFolder) {
  const { book } = world.simulation
  const shelf: EcsShelf = {
    world,
    logs,
    volumeFolder,
    clusters: yield* book.table("ecs/clusters", ClusterRecord),
    families: yield* book.table("ecs/families", FamilyRecord),
    definitions: yield* book.table("ecs/definitions", TaskDefinitionRecord),
    tasks: yield* book.table("ecs/tasks", TaskRecord),
    tokens: yield* book.table("ecs/tokens", TokenRecord)
  }
  return shelf
})

export const clusterArn = (world: World, name: string): string => world.arn("ecs", `cluster/${name}`)
export const taskArn = (world: World, task: Pick<TaskRecord, "cluster" | "id">): string =>
  world.arn("ecs", `task/${task.cluster}/${task.id}`)
export const definitionArn = (world: World, definition: Pick<TaskDefinitionRecord, "family" | "revision">): string =>
  world.arn("ecs", `task-definition/${definition.family}:${definition.revision}`)

const lastPart = (nameOrArn: string): string => nameOrArn.split("/").at(-1) ?? nameOrArn

/** The name in a cluster's name or ARN; without one it is `default`. */
export const clusterName = (nameOrArn: string | undefined): string => lastPart(nameOrArn ?? "default")

export const clusterOf = (shelf: EcsShelf, nameOrArn: string | undefined): Effect.Effect<ClusterRecord, AwsFault> => {
  const cluster = shelf.clusters.get(clusterName(nameOrArn))
  return cluster === undefined || cluster.status !== "ACTIVE"
    ? Effect.fail(awsFault("ClusterNotFoundException", "Cluster not found."))
    : Effect.succeed(cluster)
}

/** A task definition by ARN, `family:revision`, or family for its newest active revision. */
export const findDefinition = (shelf: EcsShelf, nameOrArn: string, asOf?: number): TaskDefinitionRecord | undefined => {
  const [family = "", revision] = lastPart(nameOrArn).split(":")
  if (revision !== undefined) return shelf.definitions.get(revisionKey(family, Number(revision)), asOf)
  return shelf.definitions
    .all(asOf)
    .filter((definition) => definition.family === family && definition.status === "ACTIVE")
    .toSorted((a, b) => a.revision - b.revision)
    .at(-1)
}

/** A stopped task can be described for an hour. */
const STOPPED_TASK_MILLIS = 3600 * 1000

/** Tasks that the API still knows. */
export const knownTasks = (shelf: EcsShelf, asOf?: number): ReadonlyArray<TaskRecord> => {
  const now = shelf.world.simulation.clock.now()
  return shelf.tasks
    .all(asOf)
    .filter((task) => task.stoppedAt === undefined || now - task.stoppedAt < STOPPED_TASK_MILLIS)
}

/** Forgets what the API does not know any more: tasks an hour after their end. */
export const forgetOldTasks = (shelf: EcsShelf): void => {
  const known = new Set(knownTasks(shelf).map((task) => task.id))
  for (const task of shelf.tasks.all()) if (!known.has(task.id)) shelf.tasks.delete(task.id)
}

/** A task by id or ARN. */
export const findTask = (shelf: EcsShelf, cluster: string, idOrArn: string, asOf?: number): TaskRecord | undefined =>
  knownTasks(shelf, asOf).find((task) => task.id === lastPart(idOrArn) && task.cluster === cluster)
