import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import type { RestRoute } from "../wire/service.ts"
import { KeyValueTags, keyValuesOf, mapOfKeyValues } from "../wire/tag-shape.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import { type AccessPointRecord, PosixUser, RootDirectory } from "./records.ts"
import { accessPointArn, accessPointOf, type EfsShelf, fileSystemOf, mountFolder } from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)

const shown = (shelf: EfsShelf, record: AccessPointRecord) => {
  const arn = accessPointArn(shelf.world, record.id)
  const tags = tagsOf(shelf.world, arn)
  return {
    ClientToken: record.token,
    ...(tags["Name"] === undefined ? {} : { Name: tags["Name"] }),
    Tags: keyValuesOf(tags),
    AccessPointId: record.id,
    AccessPointArn: arn,
    FileSystemId: record.fileSystem,
    ...(record.posixUser === undefined ? {} : { PosixUser: record.posixUser }),
    RootDirectory: { Path: "/", ...record.root },
    OwnerId: shelf.world.account,
    LifeCycleState: "available"
  }
}

const create = (shelf: EfsShelf) =>
  operation(
    "CreateAccessPoint",
    Schema.Struct({
      ClientToken: Schema.String,
      FileSystemId: Schema.String,
      Tags: Schema.optionalKey(KeyValueTags),
      PosixUser: Schema.optionalKey(PosixUser),
      RootDirectory: Schema.optionalKey(RootDirectory)
    }),
    (input) =>
      Effect.gen(function* () {
        const { id: fileSystem } = yield* fileSystemOf(shelf, input.FileSystemId)
        const known = shelf.accessPoints.all().find((point) => point.token === input.ClientToken)
        if (known !== undefined)
          return yield* awsFault("AccessPointAlreadyExists", `Access point ${known.id} already exists`, {
            status: 409,
            details: { ErrorCode: "AccessPointAlreadyExists", AccessPointId: known.id }
          })
        const id = `fsap-${randomBytes(9).toString("hex").slice(0, 17)}`
        const record = shelf.accessPoints.put(id, {
          id,
          token: input.ClientToken,
          fileSystem,
          root: input.RootDirectory ?? {},
          ...(input.PosixUser === undefined ? {} : { posixUser: input.PosixUser })
        })
        addTags(shelf.world, accessPointArn(shelf.world, id), mapOfKeyValues(input.Tags))
        yield* mountFolder(shelf, { fileSystem, path: "/", accessPoint: id })
        return shown(shelf, record)
      })
  )

/** Access points: folders of a file system with an owner. Their content stays when they go, as in EFS. */
export const accessPointRoutes = (shelf: EfsShelf): ReadonlyArray<RestRoute> => [
  { method: "POST", pattern: "/2015-02-01/access-points", operation: create(shelf) },
  {
    method: "GET",
    pattern: "/2015-02-01/access-points",
    operation: operation(
      "DescribeAccessPoints",
      Schema.Struct({ AccessPointId: text, FileSystemId: text, NextToken: text, MaxResults: text }),
      (input, call) =>
        Effect.gen(function* () {
          if (input.AccessPointId !== undefined) yield* accessPointOf(shelf, input.AccessPointId)
          if (input.FileSystemId !== undefined) yield* fileSystemOf(shelf, input.FileSystemId)
          const wanted = shelf.accessPoints
            .all(call.view.asOf)
            .filter(
              (point) =>
                (input.AccessPointId === undefined || input.AccessPointId.endsWith(point.id)) &&
                (input.FileSystemId === undefined || input.FileSystemId.endsWith(point.fileSystem))
            )
          const page = pageOf(
            wanted,
            (point) => point.id,
            { limit: Number(input.MaxResults ?? "100"), token: input.NextToken },
            call.view
          )
          if (page === undefined) return yield* awsFault("BadRequest", "the token is not valid")
          return {
            AccessPoints: page.items.map((point) => shown(shelf, point)),
            ...(page.next === undefined ? {} : { NextToken: page.next })
          }
        })
    )
  },
  {
    method: "DELETE",
    pattern: "/2015-02-01/access-points/{AccessPointId}",
    status: 204,
    operation: operation("DeleteAccessPoint", Schema.Struct({ AccessPointId: Schema.String }), (input) =>
      Effect.map(accessPointOf(shelf, input.AccessPointId), (point) => {
        shelf.accessPoints.delete(point.id)
        dropTags(shelf.world, accessPointArn(shelf.world, point.id))
        return {}
      })
    )
  }
]
