import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import type { RestRoute } from "../wire/service.ts"
import { KeyValueTags, keyValuesOf, listOf, mapOfKeyValues, OneOrMore } from "../wire/tag-shape.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import { accessPointRoutes } from "./access-points.ts"
import { mountTargetRoutes } from "./mount-targets.ts"
import type { FileSystemRecord } from "./records.ts"
import { accessPointArn, dropFolder, type EfsShelf, fileSystemArn, fileSystemFolder, fileSystemOf } from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const JsonObject = Schema.Record(Schema.String, Schema.Json)

const shown = (shelf: EfsShelf, record: FileSystemRecord) => {
  const arn = fileSystemArn(shelf.world, record.id)
  const tags = tagsOf(shelf.world, arn)
  return {
    OwnerId: shelf.world.account,
    CreationToken: record.token,
    FileSystemId: record.id,
    FileSystemArn: arn,
    CreationTime: record.createdAt / 1000,
    LifeCycleState: "available",
    ...(tags["Name"] === undefined ? {} : { Name: tags["Name"] }),
    NumberOfMountTargets: shelf.mountTargets.all().filter((target) => target.fileSystem === record.id).length,
    SizeInBytes: { Value: 6144, ValueInIA: 0, ValueInStandard: 6144 },
    PerformanceMode: record.performanceMode,
    Encrypted: record.isEncrypted,
    ThroughputMode: record.throughputMode,
    Tags: keyValuesOf(tags)
  }
}

const create = (shelf: EfsShelf) =>
  operation(
    "CreateFileSystem",
    Schema.Struct({
      CreationToken: Schema.String,
      PerformanceMode: text,
      ThroughputMode: text,
      Encrypted: Schema.optionalKey(Schema.Boolean),
      Tags: Schema.optionalKey(KeyValueTags)
    }),
    (input) =>
      Effect.gen(function* () {
        const known = shelf.fileSystems.all().find((record) => record.token === input.CreationToken)
        if (known !== undefined)
          return yield* awsFault(
            "FileSystemAlreadyExists",
            `File system '${known.id}' already exists with creation token '${input.CreationToken}'`,
            { status: 409, details: { ErrorCode: "FileSystemAlreadyExists", FileSystemId: known.id } }
          )
        const id = `fs-${randomBytes(9).toString("hex").slice(0, 17)}`
        const record = shelf.fileSystems.put(id, {
          id,
          token: input.CreationToken,
          createdAt: shelf.world.simulation.clock.now(),
          isEncrypted: input.Encrypted ?? false,
          performanceMode: input.PerformanceMode ?? "generalPurpose",
          throughputMode: input.ThroughputMode ?? "bursting",
          lifecycle: []
        })
        addTags(shelf.world, fileSystemArn(shelf.world, id), mapOfKeyValues(input.Tags))
        yield* Effect.promise(() => mkdir(fileSystemFolder(shelf, id), { recursive: true, mode: 0o755 }))
        return shown(shelf, record)
      })
  )

const describe = (shelf: EfsShelf) =>
  operation(
    "DescribeFileSystems",
    Schema.Struct({ FileSystemId: text, CreationToken: text, Marker: text, MaxItems: text }),
    (input, call) =>
      Effect.gen(function* () {
        if (input.FileSystemId !== undefined) yield* fileSystemOf(shelf, input.FileSystemId)
        const wanted = shelf.fileSystems
          .all(call.view.asOf)
          .filter(
            (record) =>
              (input.FileSystemId === undefined || input.FileSystemId.endsWith(record.id)) &&
              (input.CreationToken === undefined || record.token === input.CreationToken)
          )
        const page = pageOf(
          wanted,
          (record) => record.id,
          { limit: Number(input.MaxItems ?? "100"), token: input.Marker },
          call.view
        )
        if (page === undefined) return yield* awsFault("BadRequest", "the marker is not valid")
        return {
          FileSystems: page.items.map((record) => shown(shelf, record)),
          ...(page.next === undefined ? {} : { NextMarker: page.next })
        }
      })
  )

const remove = (shelf: EfsShelf) =>
  operation("DeleteFileSystem", Schema.Struct({ FileSystemId: Schema.String }), (input) =>
    Effect.gen(function* () {
      const { id } = yield* fileSystemOf(shelf, input.FileSystemId)
      const isOf = (record: { readonly fileSystem: string }): boolean => record.fileSystem === id
      if (shelf.mountTargets.all().some(isOf))
        return yield* awsFault("FileSystemInUse", `File system '${id}' has mount targets.`, {
          status: 409,
          details: { ErrorCode: "FileSystemInUse" }
        })
      for (const point of shelf.accessPoints.all().filter(isOf)) {
        shelf.accessPoints.delete(point.id)
        dropTags(shelf.world, accessPointArn(shelf.world, point.id))
      }
      shelf.fileSystems.delete(id)
      dropTags(shelf.world, fileSystemArn(shelf.world, id))
      yield* dropFolder(shelf, id)
      return {}
    })
  )

const settingRoutes = (shelf: EfsShelf): ReadonlyArray<RestRoute> => {
  const Named = Schema.Struct({ FileSystemId: Schema.String })
  const pattern = (what: string): string => `/2015-02-01/file-systems/{FileSystemId}/${what}`
  return [
    {
      method: "GET",
      pattern: pattern("lifecycle-configuration"),
      operation: operation("DescribeLifecycleConfiguration", Named, (input) =>
        Effect.map(fileSystemOf(shelf, input.FileSystemId), (record) => ({ LifecyclePolicies: record.lifecycle }))
      )
    },
    {
      method: "PUT",
      pattern: pattern("lifecycle-configuration"),
      operation: operation(
        "PutLifecycleConfiguration",
        Schema.Struct({ FileSystemId: Schema.String, LifecyclePolicies: Schema.Array(JsonObject) }),
        (input) =>
          Effect.map(fileSystemOf(shelf, input.FileSystemId), (record) => {
            shelf.fileSystems.put(record.id, { ...record, lifecycle: input.LifecyclePolicies })
            return { LifecyclePolicies: input.LifecyclePolicies }
          })
      )
    },
    {
      method: "GET",
      pattern: pattern("policy"),
      operation: operation("DescribeFileSystemPolicy", Named, (input) =>
        Effect.gen(function* () {
          const record = yield* fileSystemOf(shelf, input.FileSystemId)
          if (record.policy === undefined)
            return yield* awsFault("PolicyNotFound", "the file system has no policy", {
              status: 404,
              details: { ErrorCode: "PolicyNotFound" }
            })
          return { FileSystemId: record.id, Policy: record.policy }
        })
      )
    },
    {
      method: "GET",
      pattern: pattern("backup-policy"),
      operation: operation("DescribeBackupPolicy", Named, (input) =>
        Effect.map(fileSystemOf(shelf, input.FileSystemId), (record) => ({
          BackupPolicy: record.backup ?? { Status: "DISABLED" }
        }))
      )
    }
  ]
}

const arnOfId = (shelf: EfsShelf, id: string): Effect.Effect<string, AwsFault> => {
  const bare = id.split("/").at(-1) ?? id
  if (shelf.accessPoints.has(bare)) return Effect.succeed(accessPointArn(shelf.world, bare))
  return Effect.map(fileSystemOf(shelf, bare), (record) => fileSystemArn(shelf.world, record.id))
}

const tagRoutes = (shelf: EfsShelf): ReadonlyArray<RestRoute> => {
  const pattern = "/2015-02-01/resource-tags/{ResourceId+}"
  return [
    {
      method: "POST",
      pattern,
      operation: operation("TagResource", Schema.Struct({ ResourceId: Schema.String, Tags: KeyValueTags }), (input) =>
        Effect.map(arnOfId(shelf, input.ResourceId), (arn) => {
          addTags(shelf.world, arn, mapOfKeyValues(input.Tags))
          return {}
        })
      )
    },
    {
      method: "DELETE",
      pattern,
      operation: operation("UntagResource", Schema.Struct({ ResourceId: Schema.String, tagKeys: OneOrMore }), (input) =>
        Effect.map(arnOfId(shelf, input.ResourceId), (arn) => {
          dropTags(shelf.world, arn, listOf(input.tagKeys))
          return {}
        })
      )
    },
    {
      method: "GET",
      pattern,
      operation: operation("ListTagsForResource", Schema.Struct({ ResourceId: Schema.String }), (input, call) =>
        Effect.map(arnOfId(shelf, input.ResourceId), (arn) => ({
          Tags: keyValuesOf(tagsOf(shelf.world, arn, call.view.asOf))
        }))
      )
    }
  ]
}

/** EFS's API. */
export const efsRoutes = (shelf: EfsShelf): ReadonlyArray<RestRoute> => [
  { method: "POST", pattern: "/2015-02-01/file-systems", status: 201, operation: create(shelf) },
  { method: "GET", pattern: "/2015-02-01/file-systems", operation: describe(shelf) },
  { method: "DELETE", pattern: "/2015-02-01/file-systems/{FileSystemId}", status: 204, operation: remove(shelf) },
  ...settingRoutes(shelf),
  ...mountTargetRoutes(shelf),
  ...accessPointRoutes(shelf),
  ...tagRoutes(shelf)
]
