import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import type { ClusterRecord } from "./records.ts"
import { clusterArn, clusterName, type EcsShelf } from "./shelf.ts"
import { mapOfTags, TagList, tagListOf } from "./tag-list.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))

const shown = (shelf: EcsShelf, cluster: ClusterRecord, withTags: boolean) => {
  const tasks = shelf.tasks.all().filter((task) => task.cluster === cluster.name)
  const arn = clusterArn(shelf.world, cluster.name)
  return {
    clusterArn: arn,
    clusterName: cluster.name,
    status: cluster.status,
    registeredContainerInstancesCount: 0,
    runningTasksCount: tasks.filter((task) => task.lastStatus === "RUNNING").length,
    pendingTasksCount: tasks.filter((task) => ["PROVISIONING", "PENDING", "ACTIVATING"].includes(task.lastStatus))
      .length,
    activeServicesCount: 0,
    statistics: [],
    tags: withTags ? tagListOf(tagsOf(shelf.world, arn)) : [],
    settings: cluster.settings,
    capacityProviders: ["FARGATE", "FARGATE_SPOT"],
    defaultCapacityProviderStrategy: []
  }
}

/** Clusters. */
export const clusterOperations = (shelf: EcsShelf) => [
  operation(
    "CreateCluster",
    Schema.Struct({
      clusterName: text,
      tags: Schema.optionalKey(TagList),
      settings: Schema.optionalKey(Schema.Array(Schema.Record(Schema.String, Schema.Json)))
    }),
    (input) =>
      Effect.sync(() => {
        const name = input.clusterName ?? "default"
        const known = shelf.clusters.get(name)
        const cluster =
          known?.status === "ACTIVE"
            ? known
            : shelf.clusters.put(name, {
                name,
                status: "ACTIVE",
                settings: input.settings ?? [{ name: "containerInsights", value: "disabled" }]
              })
        addTags(shelf.world, clusterArn(shelf.world, name), mapOfTags(input.tags))
        return { cluster: shown(shelf, cluster, true) }
      })
  ),
  operation("DescribeClusters", Schema.Struct({ clusters: texts, include: texts }), (input, call) =>
    Effect.sync(() => {
      const names = (input.clusters ?? ["default"]).map(clusterName)
      const found = names.flatMap((name) => shelf.clusters.get(name, call.view.asOf) ?? [])
      return {
        clusters: found.map((cluster) => shown(shelf, cluster, input.include?.includes("TAGS") ?? false)),
        failures: names
          .filter((name) => !found.some((cluster) => cluster.name === name))
          .map((name) => ({ arn: clusterArn(shelf.world, name), reason: "MISSING" }))
      }
    })
  ),
  operation(
    "ListClusters",
    Schema.Struct({ nextToken: text, maxResults: Schema.optionalKey(Schema.Number) }),
    (input, call) =>
      Effect.gen(function* () {
        const active = shelf.clusters.all(call.view.asOf).filter((cluster) => cluster.status === "ACTIVE")
        const page = pageOf(
          active,
          (cluster) => cluster.name,
          { limit: input.maxResults ?? 100, token: input.nextToken },
          call.view
        )
        if (page === undefined) return yield* awsFault("InvalidParameterException", "Invalid token.")
        return {
          clusterArns: page.items.map((cluster) => clusterArn(shelf.world, cluster.name)),
          ...(page.next === undefined ? {} : { nextToken: page.next })
        }
      })
  ),
  operation("DeleteCluster", Schema.Struct({ cluster: Schema.String }), (input) =>
    Effect.gen(function* () {
      const cluster = shelf.clusters.get(clusterName(input.cluster))
      if (cluster === undefined) return yield* awsFault("ClusterNotFoundException", "Cluster not found.")
      if (shelf.tasks.all().some((task) => task.cluster === cluster.name && task.lastStatus !== "STOPPED"))
        return yield* awsFault("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
      const gone = shelf.clusters.put(cluster.name, { ...cluster, status: "INACTIVE" })
      dropTags(shelf.world, clusterArn(shelf.world, cluster.name))
      return { cluster: shown(shelf, gone, false) }
    })
  )
]
