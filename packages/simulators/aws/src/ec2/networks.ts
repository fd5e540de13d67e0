import { Effect, Schema } from "effect"
import { awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { addTags, dropTags } from "../world.ts"
import type { SubnetRecord, VpcRecord } from "./records.ts"
import {
  arnOfId,
  ec2Tags,
  type Ec2Shelf,
  Filters,
  makeSubnet,
  makeVpc,
  passes,
  requireAll,
  TagSpecifications,
  tagsIn,
  tagSet
} from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))
const filter = Schema.optionalKey(Filters)
const tagging = Schema.optionalKey(TagSpecifications)
const noVpc = { code: "InvalidVpcID.NotFound", noun: "vpc ID" }
const noSubnet = { code: "InvalidSubnetID.NotFound", noun: "subnet ID" }

const shownVpc = (shelf: Ec2Shelf, vpc: VpcRecord) => ({
  vpcId: vpc.id,
  ownerId: shelf.world.account,
  state: "available",
  cidrBlock: vpc.cidr,
  cidrBlockAssociationSet: [
    { cidrBlock: vpc.cidr, associationId: `vpc-cidr-assoc-${vpc.id.slice(4)}`, cidrBlockState: { state: "associated" } }
  ],
  dhcpOptionsId: "dopt-default",
  instanceTenancy: "default",
  isDefault: vpc.isDefault,
  tagSet: tagSet(ec2Tags(shelf.world, vpc.id))
})

const shownSubnet = (shelf: Ec2Shelf, subnet: SubnetRecord) => ({
  subnetId: subnet.id,
  subnetArn: arnOfId(shelf.world, subnet.id),
  state: "available",
  vpcId: subnet.vpc,
  ownerId: shelf.world.account,
  cidrBlock: subnet.cidr,
  availableIpAddressCount: 250,
  availabilityZone: subnet.zone,
  availabilityZoneId: "use1-az1",
  defaultForAz: subnet.isDefault,
  mapPublicIpOnLaunch: subnet.mapPublicIp,
  assignIpv6AddressOnCreation: false,
  tagSet: tagSet(ec2Tags(shelf.world, subnet.id))
})

const vpcOperations = (shelf: Ec2Shelf) => [
  operation("DescribeVpcs", Schema.Struct({ VpcId: texts, Filter: filter }), (input, call) =>
    Effect.gen(function* () {
      yield* requireAll(input.VpcId ?? [], (id) => shelf.vpcs.has(id), noVpc)
      return {
        vpcSet: shelf.vpcs
          .all(call.view.asOf)
          .filter(
            (vpc) =>
              (input.VpcId?.includes(vpc.id) ?? true) &&
              passes(
                input.Filter,
                {
                  "vpc-id": [vpc.id],
                  cidr: [vpc.cidr],
                  isDefault: [String(vpc.isDefault)],
                  "is-default": [String(vpc.isDefault)],
                  state: ["available"]
                },
                ec2Tags(shelf.world, vpc.id, call.view.asOf)
              )
          )
          .map((vpc) => shownVpc(shelf, vpc))
      }
    })
  ),
  operation("CreateVpc", Schema.Struct({ CidrBlock: Schema.String, TagSpecification: tagging }), (input) =>
    Effect.sync(() => {
      const vpc = makeVpc(shelf, input.CidrBlock, false)
      addTags(shelf.world, arnOfId(shelf.world, vpc.id), tagsIn(input.TagSpecification))
      return { vpc: shownVpc(shelf, vpc) }
    })
  ),
  operation("DeleteVpc", Schema.Struct({ VpcId: Schema.String }), (input) =>
    Effect.gen(function* () {
      yield* requireAll([input.VpcId], (id) => shelf.vpcs.has(id), noVpc)
      const isIn = (one: { readonly vpc: string }): boolean => one.vpc === input.VpcId
      const groups = shelf.groups.all().filter(isIn)
      if (shelf.subnets.all().some(isIn) || groups.some((group) => group.name !== "default"))
        return yield* awsFault(
          "DependencyViolation",
          `The vpc '${input.VpcId}' has dependencies and cannot be deleted.`
        )
      for (const group of groups) shelf.groups.delete(group.id)
      shelf.vpcs.delete(input.VpcId)
      dropTags(shelf.world, arnOfId(shelf.world, input.VpcId))
      return { return: true }
    })
  )
]

const vpcAttributeOperations = (shelf: Ec2Shelf) => [
  operation("DescribeVpcAttribute", Schema.Struct({ VpcId: Schema.String, Attribute: Schema.String }), (input) =>
    Effect.map(
      requireAll([input.VpcId], (id) => shelf.vpcs.has(id), noVpc),
      () => ({
        vpcId: input.VpcId,
        [input.Attribute]: { value: shelf.vpcs.get(input.VpcId)?.attributes[input.Attribute] ?? false }
      })
    )
  ),
  operation(
    "ModifyVpcAttribute",
    Schema.Struct({
      VpcId: Schema.String,
      EnableDnsSupport: Schema.optionalKey(Schema.Struct({ Value: Schema.String })),
      EnableDnsHostnames: Schema.optionalKey(Schema.Struct({ Value: Schema.String }))
    }),
    (input) =>
      Effect.gen(function* () {
        const vpc = shelf.vpcs.get(input.VpcId)
        if (vpc === undefined) return yield* awsFault(noVpc.code, `The vpc ID '${input.VpcId}' does not exist`)
        shelf.vpcs.put(vpc.id, {
          ...vpc,
          attributes: {
            ...vpc.attributes,
            ...(input.EnableDnsSupport === undefined
              ? {}
              : { enableDnsSupport: input.EnableDnsSupport.Value === "true" }),
            ...(input.EnableDnsHostnames === undefined
              ? {}
              : { enableDnsHostnames: input.EnableDnsHostnames.Value === "true" })
          }
        })
        return { return: true }
      })
  )
]

const describeSubnets = (shelf: Ec2Shelf) =>
  operation("DescribeSubnets", Schema.Struct({ SubnetId: texts, Filter: filter }), (input, call) =>
    Effect.gen(function* () {
      yield* requireAll(input.SubnetId ?? [], (id) => shelf.subnets.has(id), noSubnet)
      return {
        subnetSet: shelf.subnets
          .all(call.view.asOf)
          .filter(
            (subnet) =>
              (input.SubnetId?.includes(subnet.id) ?? true) &&
              passes(
                input.Filter,
                {
                  "subnet-id": [subnet.id],
                  "vpc-id": [subnet.vpc],
                  "availability-zone": [subnet.zone],
                  availabilityZone: [subnet.zone],
                  "default-for-az": [String(subnet.isDefault)],
                  state: ["available"]
                },
                ec2Tags(shelf.world, subnet.id, call.view.asOf)
              )
          )
          .map((subnet) => shownSubnet(shelf, subnet))
      }
    })
  )

const subnetOperations = (shelf: Ec2Shelf) => [
  describeSubnets(shelf),
  operation(
    "CreateSubnet",
    Schema.Struct({
      VpcId: Schema.String,
      CidrBlock: Schema.String,
      AvailabilityZone: text,
      TagSpecification: tagging
    }),
    (input) =>
      Effect.gen(function* () {
        yield* requireAll([input.VpcId], (id) => shelf.vpcs.has(id), noVpc)
        const subnet = makeSubnet(shelf, {
          vpc: input.VpcId,
          cidr: input.CidrBlock,
          zone: input.AvailabilityZone ?? `${shelf.world.region}a`,
          isDefault: false
        })
        addTags(shelf.world, arnOfId(shelf.world, subnet.id), tagsIn(input.TagSpecification))
        return { subnet: shownSubnet(shelf, subnet) }
      })
  ),
  operation("DeleteSubnet", Schema.Struct({ SubnetId: Schema.String }), (input) =>
    Effect.map(
      requireAll([input.SubnetId], (id) => shelf.subnets.has(id), noSubnet),
      () => {
        shelf.subnets.delete(input.SubnetId)
        dropTags(shelf.world, arnOfId(shelf.world, input.SubnetId))
        return { return: true }
      }
    )
  ),
  operation(
    "ModifySubnetAttribute",
    Schema.Struct({
      SubnetId: Schema.String,
      MapPublicIpOnLaunch: Schema.optionalKey(Schema.Struct({ Value: Schema.String }))
    }),
    (input) =>
      Effect.gen(function* () {
        const subnet = shelf.subnets.get(input.SubnetId)
        if (subnet === undefined)
          return yield* awsFault(noSubnet.code, `The subnet ID '${input.SubnetId}' does not exist`)
        shelf.subnets.put(subnet.id, { ...subnet, mapPublicIp: input.MapPublicIpOnLaunch?.Value === "true" })
        return { return: true }
      })
  )
]

/** Network interfaces of running tasks. */
const interfaces = (shelf: Ec2Shelf) =>
  operation("DescribeNetworkInterfaces", Schema.Struct({ NetworkInterfaceId: texts, Filter: filter }), (input) =>
    Effect.sync(() => ({
      networkInterfaceSet: shelf
        .tasks()
        .filter(
          (task) =>
            task.ip !== undefined &&
            task.attachmentStatus === "ATTACHED" &&
            (input.NetworkInterfaceId?.includes(task.eniId) ?? true) &&
            passes(
              input.Filter,
              {
                "network-interface-id": [task.eniId],
                "subnet-id": [task.subnet],
                "group-id": task.securityGroups,
                "private-ip-address": [task.ip],
                "addresses.private-ip-address": [task.ip],
                status: ["in-use"]
              },
              {}
            )
        )
        .map((task) => ({
          networkInterfaceId: task.eniId,
          subnetId: task.subnet,
          vpcId: shelf.subnets.get(task.subnet)?.vpc ?? "",
          ownerId: shelf.world.account,
          description: `arn:aws:ecs:${shelf.world.region}:${shelf.world.account}:attachment/${task.attachmentId}`,
          interfaceType: "interface",
          status: "in-use",
          macAddress: task.mac ?? "",
          privateIpAddress: task.ip ?? "",
          groupSet: task.securityGroups.map((groupId) => ({
            groupId,
            groupName: shelf.groups.get(groupId)?.name ?? groupId
          })),
          privateIpAddressesSet: [{ privateIpAddress: task.ip ?? "", primary: true }],
          tagSet: []
        }))
    }))
  )

/** VPCs, subnets and network interfaces. */
export const networkOperations = (shelf: Ec2Shelf) => [
  ...vpcOperations(shelf),
  ...vpcAttributeOperations(shelf),
  ...subnetOperations(shelf),
  interfaces(shelf),
  operation("DescribeAvailabilityZones", Schema.Struct({}), () =>
    Effect.succeed({
      availabilityZoneInfo: ["a", "b"].map((letter, at) => ({
        zoneName: `${shelf.world.region}${letter}`,
        zoneId: `use1-az${at + 1}`,
        zoneState: "available",
        regionName: shelf.world.region
      }))
    })
  )
]
