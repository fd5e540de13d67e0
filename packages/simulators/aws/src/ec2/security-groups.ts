import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { addTags, dropTags } from "../world.ts"
import type { GroupRecord, Rule } from "./records.ts"
import {
  arnOfId,
  ec2Tags,
  type Ec2Shelf,
  Filters,
  kindOfId,
  newId,
  outAnywhere,
  passes,
  requireAll,
  TagSpecifications,
  tagsIn,
  tagSet
} from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))

const Permission = Schema.Struct({
  IpProtocol: Schema.String,
  FromPort: text,
  ToPort: text,
  IpRanges: Schema.optionalKey(Schema.Array(Schema.Struct({ CidrIp: Schema.String, Description: text }))),
  Ipv6Ranges: Schema.optionalKey(Schema.Array(Schema.Struct({ CidrIpv6: Schema.String, Description: text }))),
  Groups: Schema.optionalKey(Schema.Array(Schema.Struct({ GroupId: Schema.String, Description: text })))
})
type Permission = typeof Permission.Type

const described = (description: string | undefined) => (description === undefined ? {} : { description })

const rulesIn = (permissions: ReadonlyArray<Permission>, isEgress: boolean): ReadonlyArray<Rule> =>
  permissions.flatMap((permission) => {
    const base = {
      isEgress,
      protocol: permission.IpProtocol,
      fromPort: Number(permission.FromPort ?? "-1"),
      toPort: Number(permission.ToPort ?? "-1")
    }
    const rule = (
      target: { readonly cidr: string } | { readonly group: string },
      description: string | undefined
    ): Rule => Object.assign({ id: newId("sgr") }, base, target, described(description))
    return [
      ...(permission.IpRanges ?? []).map((range) => rule({ cidr: range.CidrIp }, range.Description)),
      ...(permission.Ipv6Ranges ?? []).map((range) => rule({ cidr: range.CidrIpv6 }, range.Description)),
      ...(permission.Groups ?? []).map((pair) => rule({ group: pair.GroupId }, pair.Description))
    ]
  })

const isSame = (a: Rule, b: Rule): boolean =>
  a.isEgress === b.isEgress &&
  a.protocol === b.protocol &&
  a.fromPort === b.fromPort &&
  a.toPort === b.toPort &&
  a.cidr === b.cidr &&
  a.group === b.group

const ports = (rule: Rule) => (rule.protocol === "-1" ? {} : { fromPort: rule.fromPort, toPort: rule.toPort })

const permissionsOf = (shelf: Ec2Shelf, rules: ReadonlyArray<Rule>) => {
  const sets = new Map<string, Array<Rule>>()
  for (const rule of rules) {
    const key = `${rule.protocol} ${rule.fromPort} ${rule.toPort}`
    sets.set(key, [...(sets.get(key) ?? []), rule])
  }
  return [...sets.values()].map((set) => {
    const [first] = set
    const isV6 = (rule: Rule): boolean => rule.cidr?.includes(":") === true
    return {
      ipProtocol: first?.protocol ?? "-1",
      ...(first === undefined ? {} : ports(first)),
      groups: set.flatMap((rule) =>
        rule.group === undefined
          ? []
          : [{ groupId: rule.group, userId: shelf.world.account, ...described(rule.description) }]
      ),
      ipRanges: set.flatMap((rule) =>
        rule.cidr === undefined || isV6(rule) ? [] : [{ cidrIp: rule.cidr, ...described(rule.description) }]
      ),
      ipv6Ranges: set.flatMap((rule) =>
        rule.cidr !== undefined && isV6(rule) ? [{ cidrIpv6: rule.cidr, ...described(rule.description) }] : []
      ),
      prefixListIds: []
    }
  })
}

const shown = (shelf: Ec2Shelf, group: GroupRecord) => ({
  ownerId: shelf.world.account,
  groupId: group.id,
  groupName: group.name,
  groupDescription: group.description,
  vpcId: group.vpc,
  securityGroupArn: arnOfId(shelf.world, group.id),
  ipPermissions: permissionsOf(
    shelf,
    group.rules.filter((rule) => !rule.isEgress)
  ),
  ipPermissionsEgress: permissionsOf(
    shelf,
    group.rules.filter((rule) => rule.isEgress)
  ),
  tagSet: tagSet(ec2Tags(shelf.world, group.id))
})

const shownRule = (shelf: Ec2Shelf, group: GroupRecord, rule: Rule) => ({
  securityGroupRuleId: rule.id,
  groupId: group.id,
  groupOwnerId: shelf.world.account,
  isEgress: rule.isEgress,
  ipProtocol: rule.protocol,
  fromPort: rule.fromPort,
  toPort: rule.toPort,
  ...(rule.cidr === undefined ? {} : rule.cidr.includes(":") ? { cidrIpv6: rule.cidr } : { cidrIpv4: rule.cidr }),
  ...(rule.group === undefined ? {} : { referencedGroupInfo: { groupId: rule.group, userId: shelf.world.account } }),
  ...described(rule.description),
  tagSet: tagSet(ec2Tags(shelf.world, rule.id))
})

const noGroup = { code: "InvalidGroup.NotFound", noun: "security group" }

const groupOf = (shelf: Ec2Shelf, id: string): Effect.Effect<GroupRecord, AwsFault> => {
  const found = shelf.groups.get(id)
  return found === undefined
    ? Effect.fail(awsFault(noGroup.code, `The security group '${id}' does not exist`))
    : Effect.succeed(found)
}

const create = (shelf: Ec2Shelf) =>
  operation(
    "CreateSecurityGroup",
    Schema.Struct({
      GroupName: Schema.String,
      GroupDescription: Schema.String,
      VpcId: text,
      TagSpecification: Schema.optionalKey(TagSpecifications)
    }),
    (input) =>
      Effect.gen(function* () {
        const vpc = input.VpcId ?? shelf.vpcs.all().find((one) => one.isDefault)?.id ?? ""
        yield* requireAll([vpc], (id) => shelf.vpcs.has(id), { code: "InvalidVpcID.NotFound", noun: "vpc ID" })
        if (shelf.groups.all().some((group) => group.vpc === vpc && group.name === input.GroupName))
          return yield* awsFault(
            "InvalidGroup.Duplicate",
            `The security group '${input.GroupName}' already exists for VPC '${vpc}'`
          )
        const id = newId("sg")
        shelf.groups.put(id, {
          id,
          name: input.GroupName,
          description: input.GroupDescription,
          vpc,
          rules: [outAnywhere()]
        })
        const tags = tagsIn(input.TagSpecification)
        addTags(shelf.world, arnOfId(shelf.world, id), tags)
        return { return: true, groupId: id, securityGroupArn: arnOfId(shelf.world, id), tagSet: tagSet(tags) }
      })
  )

const remove = (shelf: Ec2Shelf) =>
  operation("DeleteSecurityGroup", Schema.Struct({ GroupId: text, GroupName: text }), (input) =>
    Effect.gen(function* () {
      const byName = shelf.groups.all().find((group) => group.name === input.GroupName)
      const group = yield* groupOf(shelf, input.GroupId ?? byName?.id ?? input.GroupName ?? "")
      const isUsed =
        shelf.tasks().some((task) => task.attachmentStatus === "ATTACHED" && task.securityGroups.includes(group.id)) ||
        shelf.groups.all().some((other) => other.id !== group.id && other.rules.some((rule) => rule.group === group.id))
      if (isUsed) return yield* awsFault("DependencyViolation", `resource ${group.id} has a dependent object`)
      shelf.groups.delete(group.id)
      dropTags(shelf.world, arnOfId(shelf.world, group.id))
      return { return: true, groupId: group.id }
    })
  )

const describe = (shelf: Ec2Shelf) =>
  operation(
    "DescribeSecurityGroups",
    Schema.Struct({ GroupId: texts, GroupName: texts, Filter: Schema.optionalKey(Filters) }),
    (input, call) =>
      Effect.gen(function* () {
        yield* requireAll(input.GroupId ?? [], (id) => shelf.groups.has(id), noGroup)
        return {
          securityGroupInfo: shelf.groups
            .all(call.view.asOf)
            .filter(
              (group) =>
                (input.GroupId?.includes(group.id) ?? true) &&
                (input.GroupName?.includes(group.name) ?? true) &&
                passes(
                  input.Filter,
                  {
                    "group-id": [group.id],
                    "group-name": [group.name],
                    "vpc-id": [group.vpc],
                    description: [group.description],
                    "owner-id": [shelf.world.account]
                  },
                  ec2Tags(shelf.world, group.id, call.view.asOf)
                )
            )
            .map((group) => shown(shelf, group))
        }
      })
  )

const RuleChange = Schema.Struct({
  GroupId: Schema.String,
  IpPermissions: Schema.optionalKey(Schema.Array(Permission)),
  SecurityGroupRuleId: texts,
  IpProtocol: text,
  FromPort: text,
  ToPort: text,
  CidrIp: text
})

const asked = (input: typeof RuleChange.Type, isEgress: boolean): ReadonlyArray<Rule> => {
  const short =
    input.CidrIp === undefined
      ? []
      : [
          {
            IpProtocol: input.IpProtocol ?? "-1",
            ...(input.FromPort === undefined ? {} : { FromPort: input.FromPort }),
            ...(input.ToPort === undefined ? {} : { ToPort: input.ToPort }),
            IpRanges: [{ CidrIp: input.CidrIp }]
          }
        ]
  return rulesIn([...(input.IpPermissions ?? []), ...short], isEgress)
}

const authorize = (shelf: Ec2Shelf, name: string, isEgress: boolean) =>
  operation(name, RuleChange, (input) =>
    Effect.gen(function* () {
      const group = yield* groupOf(shelf, input.GroupId)
      const rules = asked(input, isEgress)
      const known = rules.find((rule) => group.rules.some((other) => isSame(rule, other)))
      if (known !== undefined)
        return yield* awsFault(
          "InvalidPermission.Duplicate",
          `the specified rule "peer: ${known.cidr ?? known.group ?? ""}, ${known.protocol}" already exists`
        )
      shelf.groups.put(group.id, { ...group, rules: [...group.rules, ...rules] })
      return { return: true, securityGroupRuleSet: rules.map((rule) => shownRule(shelf, group, rule)) }
    })
  )

const revoke = (shelf: Ec2Shelf, name: string, isEgress: boolean) =>
  operation(name, RuleChange, (input) =>
    Effect.gen(function* () {
      const group = yield* groupOf(shelf, input.GroupId)
      const wanted = asked(input, isEgress)
      const isGone = (rule: Rule): boolean =>
        input.SecurityGroupRuleId?.includes(rule.id) === true || wanted.some((one) => isSame(one, rule))
      if (!group.rules.some(isGone))
        return yield* awsFault(
          "InvalidPermission.NotFound",
          "The specified rule does not exist in this security group."
        )
      shelf.groups.put(group.id, { ...group, rules: group.rules.filter((rule) => !isGone(rule)) })
      return { return: true }
    })
  )

const rules = (shelf: Ec2Shelf) =>
  operation(
    "DescribeSecurityGroupRules",
    Schema.Struct({ SecurityGroupRuleId: texts, Filter: Schema.optionalKey(Filters) }),
    (input) =>
      Effect.sync(() => ({
        securityGroupRuleSet: shelf.groups
          .all()
          .flatMap((group) =>
            group.rules
              .filter(
                (rule) =>
                  (input.SecurityGroupRuleId?.includes(rule.id) ?? true) &&
                  passes(
                    input.Filter,
                    { "group-id": [group.id], "security-group-rule-id": [rule.id] },
                    ec2Tags(shelf.world, rule.id)
                  )
              )
              .map((rule) => shownRule(shelf, group, rule))
          )
      }))
  )

const Tag = Schema.Array(Schema.Struct({ Key: Schema.String, Value: text }))

const tagOperations = (shelf: Ec2Shelf) => [
  operation("CreateTags", Schema.Struct({ ResourceId: Schema.Array(Schema.String), Tag }), (input) =>
    Effect.sync(() => {
      const tags = Object.fromEntries(input.Tag.map((tag) => [tag.Key, tag.Value ?? ""]))
      for (const id of input.ResourceId) addTags(shelf.world, arnOfId(shelf.world, id), tags)
      return { return: true }
    })
  ),
  operation(
    "DeleteTags",
    Schema.Struct({ ResourceId: Schema.Array(Schema.String), Tag: Schema.optionalKey(Tag) }),
    (input) =>
      Effect.sync(() => {
        for (const id of input.ResourceId)
          dropTags(
            shelf.world,
            arnOfId(shelf.world, id),
            input.Tag?.map((tag) => tag.Key)
          )
        return { return: true }
      })
  ),
  operation("DescribeTags", Schema.Struct({ Filter: Schema.optionalKey(Filters) }), (input, call) =>
    Effect.sync(() => ({
      tagSet: shelf.world.tags
        .all(call.view.asOf)
        .filter((record) => record.arn.startsWith("arn:aws:ec2:"))
        .flatMap((record) => {
          const id = record.arn.split("/").at(-1) ?? ""
          return Object.entries(record.tags).map(([key, value]) => ({
            resourceId: id,
            resourceType: kindOfId(id),
            key,
            value
          }))
        })
        .filter((tag) =>
          passes(
            input.Filter,
            {
              "resource-id": [tag.resourceId],
              "resource-type": [tag.resourceType],
              key: [tag.key],
              value: [tag.value]
            },
            { [tag.key]: tag.value }
          )
        )
    }))
  )
]

/** Security groups, their rules, and the tags of everything in EC2. */
export const groupOperations = (shelf: Ec2Shelf) => [
  create(shelf),
  remove(shelf),
  describe(shelf),
  authorize(shelf, "AuthorizeSecurityGroupIngress", false),
  authorize(shelf, "AuthorizeSecurityGroupEgress", true),
  revoke(shelf, "RevokeSecurityGroupIngress", false),
  revoke(shelf, "RevokeSecurityGroupEgress", true),
  rules(shelf),
  ...tagOperations(shelf)
]
