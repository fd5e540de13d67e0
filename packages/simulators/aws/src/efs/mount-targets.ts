import { Effect, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import type { RestRoute } from "../wire/service.ts"
import type { MountTargetRecord } from "./records.ts"
import { type EfsShelf, fileSystemOf, mountTargetOf } from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))

const shown = (shelf: EfsShelf, record: MountTargetRecord) => ({
  OwnerId: shelf.world.account,
  MountTargetId: record.id,
  FileSystemId: record.fileSystem,
  SubnetId: record.subnet,
  LifeCycleState: "available",
  IpAddress: record.ip,
  NetworkInterfaceId: `eni-${record.id.slice("fsmt-".length)}`,
  AvailabilityZoneId: "use1-az1",
  AvailabilityZoneName: `${shelf.world.region}a`,
  VpcId: "vpc-0simulated0default"
})

const create = (shelf: EfsShelf) =>
  operation(
    "CreateMountTarget",
    Schema.Struct({ FileSystemId: Schema.String, SubnetId: Schema.String, IpAddress: text, SecurityGroups: texts }),
    (input) =>
      Effect.gen(function* () {
        const { id: fileSystem } = yield* fileSystemOf(shelf, input.FileSystemId)
        const others = shelf.mountTargets.all().filter((target) => target.fileSystem === fileSystem)
        if (others.some((target) => target.subnet === input.SubnetId))
          return yield* awsFault("MountTargetConflict", "mount target already exists in this AZ", {
            status: 409,
            details: { ErrorCode: "MountTargetConflict" }
          })
        const id = `fsmt-${randomBytes(9).toString("hex").slice(0, 17)}`
        const record = shelf.mountTargets.put(id, {
          id,
          fileSystem,
          subnet: input.SubnetId,
          ip: input.IpAddress ?? "172.31.0.10",
          securityGroups: input.SecurityGroups ?? []
        })
        return shown(shelf, record)
      })
  )

/** Mount targets are kept and shown; a mount needs none of them, because it is a folder of this machine. */
export const mountTargetRoutes = (shelf: EfsShelf): ReadonlyArray<RestRoute> => {
  const Named = Schema.Struct({ MountTargetId: Schema.String })
  const one = "/2015-02-01/mount-targets/{MountTargetId}"
  return [
    { method: "POST", pattern: "/2015-02-01/mount-targets", operation: create(shelf) },
    {
      method: "GET",
      pattern: "/2015-02-01/mount-targets",
      operation: operation(
        "DescribeMountTargets",
        Schema.Struct({ FileSystemId: text, MountTargetId: text, AccessPointId: text }),
        (input, call) =>
          Effect.gen(function* () {
            if (input.MountTargetId !== undefined) yield* mountTargetOf(shelf, input.MountTargetId)
            if (input.FileSystemId !== undefined) yield* fileSystemOf(shelf, input.FileSystemId)
            return {
              MountTargets: shelf.mountTargets
                .all(call.view.asOf)
                .filter(
                  (target) =>
                    (input.FileSystemId ?? target.fileSystem) === target.fileSystem &&
                    (input.MountTargetId ?? target.id) === target.id
                )
                .map((target) => shown(shelf, target))
            }
          })
      )
    },
    {
      method: "DELETE",
      pattern: one,
      status: 204,
      operation: operation("DeleteMountTarget", Named, (input) =>
        Effect.map(mountTargetOf(shelf, input.MountTargetId), (target) => {
          shelf.mountTargets.delete(target.id)
          return {}
        })
      )
    },
    {
      method: "GET",
      pattern: `${one}/security-groups`,
      operation: operation("DescribeMountTargetSecurityGroups", Named, (input) =>
        Effect.map(mountTargetOf(shelf, input.MountTargetId), (target) => ({ SecurityGroups: target.securityGroups }))
      )
    },
    {
      method: "PUT",
      pattern: `${one}/security-groups`,
      status: 204,
      operation: operation(
        "ModifyMountTargetSecurityGroups",
        Schema.Struct({ MountTargetId: Schema.String, SecurityGroups: texts }),
        (input) =>
          Effect.map(mountTargetOf(shelf, input.MountTargetId), (target) => {
            shelf.mountTargets.put(target.id, { ...target, securityGroups: input.SecurityGroups ?? [] })
            return {}
          })
      )
    }
  ]
}
