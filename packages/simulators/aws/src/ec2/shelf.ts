import type { Table } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { randomBytes } from "node:crypto"
import type { TaskRecord } from "../ecs/records.ts"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { tagsOf, type TagMap, type World } from "../world.ts"
import { GroupRecord, SubnetRecord, VpcRecord } from "./records.ts"

/** What every operation of EC2 works with. */
export interface Ec2Shelf {
  readonly world: World
  readonly vpcs: Table<VpcRecord>
  readonly subnets: Table<SubnetRecord>
  readonly groups: Table<GroupRecord>
  /** Tasks own the network interfaces there are. */
  readonly tasks: () => ReadonlyArray<TaskRecord>
}

const ID_HEX = 17

/** An id in EC2's form. */
export const newId = (prefix: string): string => `${prefix}-${randomBytes(9).toString("hex").slice(0, ID_HEX)}`

const everything = (isEgress: boolean) => ({ isEgress, protocol: "-1", fromPort: -1, toPort: -1 })

/** The rule every new group has: out, anywhere. */
export const outAnywhere = () => ({ id: newId("sgr"), ...everything(true), cidr: "0.0.0.0/0" })

/** Makes a VPC with the group that every VPC has. */
export const makeVpc = (shelf: Ec2Shelf, cidr: string, isDefault: boolean): VpcRecord => {
  const id = newId("vpc")
  const group = newId("sg")
  shelf.groups.put(group, {
    id: group,
    name: "default",
    description: "default VPC security group",
    vpc: id,
    rules: [{ id: newId("sgr"), ...everything(false), group }, outAnywhere()]
  })
  return shelf.vpcs.put(id, {
    id,
    cidr,
    isDefault,
    attributes: { enableDnsSupport: true, enableDnsHostnames: isDefault }
  })
}

/** Makes a subnet. */
export const makeSubnet = (
  shelf: Ec2Shelf,
  asked: { readonly vpc: string; readonly cidr: string; readonly zone: string; readonly isDefault: boolean }
): SubnetRecord => {
  const id = newId("subnet")
  return shelf.subnets.put(id, { id, ...asked, mapPublicIp: asked.isDefault })
}

/** Opens what EC2 held before; an account without a network gets the default one, on the workloads' addresses. */
export const openEc2 = Effect.fnUntraced(function* (world: World, tasks: () => ReadonlyArray<TaskRecord>) {
  const { book } = world.simulation
  const shelf: Ec2Shelf = {
    world,
    vpcs: yield* book.table("ec2/vpcs", VpcRecord),
    subnets: yield* book.table("ec2/subnets", SubnetRecord),
    groups: yield* book.table("ec2/security-groups", GroupRecord),
    tasks
  }
  if (shelf.vpcs.all().length === 0) {
    const vpc = makeVpc(shelf, world.host.subnet, true)
    makeSubnet(shelf, { vpc: vpc.id, cidr: world.host.subnet, zone: `${world.region}a`, isDefault: true })
    yield* book.settle
  }
  return shelf
})

const kinds: Readonly<Record<string, string>> = {
  vpc: "vpc",
  subnet: "subnet",
  sg: "security-group",
  sgr: "security-group-rule",
  eni: "network-interface",
  igw: "internet-gateway",
  rtb: "route-table",
  nat: "natgateway",
  eipalloc: "elastic-ip"
}

/** The ARN of a resource by its id. */
export const arnOfId = (world: World, id: string): string =>
  world.arn("ec2", `${kinds[id.split("-")[0] ?? ""] ?? "resource"}/${id}`)

/** The kind of a resource by its id, as EC2 writes it. */
export const kindOfId = (id: string): string => kinds[id.split("-")[0] ?? ""] ?? "resource"

export const ec2Tags = (world: World, id: string, asOf?: number): TagMap => tagsOf(world, arnOfId(world, id), asOf)

/** Tags as EC2 writes them. */
export const tagSet = (tags: TagMap): ReadonlyArray<{ readonly key: string; readonly value: string }> =>
  Object.entries(tags).map(([key, value]) => ({ key, value }))

export const Filters = Schema.Array(Schema.Struct({ Name: Schema.String, Value: Schema.Array(Schema.String) }))

const globbed = (pattern: string, text: string): boolean =>
  pattern.includes("*")
    ? new RegExp(
        `^${pattern
          .split("*")
          .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
          .join(".*")}$`
      ).test(text)
    : pattern === text

/** Whether a resource with these facts and tags is asked for. A filter nobody knows matches nothing. */
export const passes = (
  filters: typeof Filters.Type | undefined,
  facts: Readonly<Record<string, ReadonlyArray<string>>>,
  tags: TagMap
): boolean =>
  (filters ?? []).every(({ Name, Value }) => {
    const found = Name.startsWith("tag:")
      ? [tags[Name.slice("tag:".length)]].flatMap((value) => value ?? [])
      : Name === "tag-key"
        ? Object.keys(tags)
        : (facts[Name] ?? [])
    return found.some((fact) => Value.some((wanted) => globbed(wanted, fact)))
  })

/** The first of these ids that is not there, as a refusal. */
export const requireAll = (
  ids: ReadonlyArray<string>,
  isThere: (id: string) => boolean,
  what: { readonly code: string; readonly noun: string }
): Effect.Effect<void, AwsFault> => {
  const missing = ids.find((id) => !isThere(id))
  return missing === undefined
    ? Effect.void
    : Effect.fail(awsFault(what.code, `The ${what.noun} '${missing}' does not exist`))
}

export const TagSpecifications = Schema.Array(
  Schema.Struct({
    ResourceType: Schema.optionalKey(Schema.String),
    Tag: Schema.optionalKey(
      Schema.Array(Schema.Struct({ Key: Schema.String, Value: Schema.optionalKey(Schema.String) }))
    )
  })
)

/** The tags that a request gives to what it makes. */
export const tagsIn = (specifications: typeof TagSpecifications.Type | undefined): TagMap =>
  Object.fromEntries(
    (specifications ?? []).flatMap((one) => (one.Tag ?? []).map((tag) => [tag.Key, tag.Value ?? ""] as const))
  )
