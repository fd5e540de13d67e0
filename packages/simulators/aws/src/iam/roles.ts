import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { KeyValueTags, keyValuesOf, mapOfKeyValues } from "../wire/tag-shape.ts"
import { addTags, dropTags, isoSeconds, tagsOf } from "../world.ts"
import { iamId, type IamShelf, missing, type RoleRecord, roleArn, roleOf } from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const Named = Schema.Struct({ RoleName: Schema.String })
const DEFAULT_SECONDS = 3600
const PAGE = 100

/** A role as the API shows it; documents travel percent-encoded. */
const shownRole = (shelf: IamShelf, role: RoleRecord) => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: iamId("AROA", role.name),
  Arn: roleArn(shelf.world, role),
  CreateDate: isoSeconds(role.createdAt),
  AssumeRolePolicyDocument: encodeURIComponent(role.trust),
  Description: role.description,
  MaxSessionDuration: role.maximumSeconds,
  Tags: keyValuesOf(tagsOf(shelf.world, roleArn(shelf.world, role)))
})

const create = (shelf: IamShelf) =>
  operation(
    "CreateRole",
    Schema.Struct({
      RoleName: Schema.String,
      Path: text,
      AssumeRolePolicyDocument: Schema.String,
      Description: text,
      MaxSessionDuration: text,
      Tags: Schema.optionalKey(KeyValueTags)
    }),
    (input) =>
      Effect.gen(function* () {
        if (shelf.roles.has(input.RoleName))
          return yield* awsFault("EntityAlreadyExists", `Role with name ${input.RoleName} already exists.`, {
            status: 409
          })
        const role = shelf.roles.put(input.RoleName, {
          name: input.RoleName,
          path: input.Path ?? "/",
          trust: input.AssumeRolePolicyDocument,
          ...(input.Description === undefined ? {} : { description: input.Description }),
          maximumSeconds: Number(input.MaxSessionDuration ?? DEFAULT_SECONDS),
          createdAt: shelf.world.simulation.clock.now(),
          attached: [],
          inline: {}
        })
        addTags(shelf.world, roleArn(shelf.world, role), mapOfKeyValues(input.Tags))
        return { Role: shownRole(shelf, role) }
      })
  )

const remove = (shelf: IamShelf) =>
  operation("DeleteRole", Named, (input) =>
    Effect.gen(function* () {
      const role = yield* roleOf(shelf, input.RoleName)
      if (role.attached.length > 0 || Object.keys(role.inline).length > 0)
        return yield* awsFault("DeleteConflict", "Cannot delete entity, must detach all policies first.", {
          status: 409
        })
      shelf.roles.delete(role.name)
      dropTags(shelf.world, roleArn(shelf.world, role))
      return {}
    })
  )

const list = (shelf: IamShelf) =>
  operation("ListRoles", Schema.Struct({ PathPrefix: text, Marker: text, MaxItems: text }), (input, call) =>
    Effect.gen(function* () {
      const wanted = shelf.roles.all(call.view.asOf).filter((role) => role.path.startsWith(input.PathPrefix ?? "/"))
      const request = { limit: Number(input.MaxItems ?? PAGE), token: input.Marker }
      const page = pageOf(wanted, (role) => role.name, request, call.view)
      if (page === undefined) return yield* awsFault("ValidationError", "Invalid Marker")
      return {
        Roles: page.items.map((role) => shownRole(shelf, role)),
        IsTruncated: page.next !== undefined,
        Marker: page.next
      }
    })
  )

const attachedOperations = (shelf: IamShelf) => {
  const Pair = Schema.Struct({ RoleName: Schema.String, PolicyArn: Schema.String })
  return [
    operation("AttachRolePolicy", Pair, (input) =>
      Effect.map(roleOf(shelf, input.RoleName), (role) => {
        shelf.roles.put(role.name, { ...role, attached: [...new Set([...role.attached, input.PolicyArn])] })
        return {}
      })
    ),
    operation("DetachRolePolicy", Pair, (input) =>
      Effect.gen(function* () {
        const role = yield* roleOf(shelf, input.RoleName)
        if (!role.attached.includes(input.PolicyArn)) return yield* missing(`Policy ${input.PolicyArn} was not found.`)
        shelf.roles.put(role.name, { ...role, attached: role.attached.filter((arn) => arn !== input.PolicyArn) })
        return {}
      })
    ),
    operation("ListAttachedRolePolicies", Named, (input) =>
      Effect.map(roleOf(shelf, input.RoleName), (role) => ({
        AttachedPolicies: role.attached.map((arn) => ({ PolicyName: arn.split("/").at(-1) ?? arn, PolicyArn: arn })),
        IsTruncated: false
      }))
    )
  ]
}

const inlineOperations = (shelf: IamShelf) => {
  const Pair = Schema.Struct({ RoleName: Schema.String, PolicyName: Schema.String })
  const noPolicy = (name: string) => missing(`The role policy with name ${name} cannot be found.`)
  return [
    operation(
      "PutRolePolicy",
      Schema.Struct({ RoleName: Schema.String, PolicyName: Schema.String, PolicyDocument: Schema.String }),
      (input) =>
        Effect.map(roleOf(shelf, input.RoleName), (role) => {
          shelf.roles.put(role.name, { ...role, inline: { ...role.inline, [input.PolicyName]: input.PolicyDocument } })
          return {}
        })
    ),
    operation("GetRolePolicy", Pair, (input) =>
      Effect.gen(function* () {
        const role = yield* roleOf(shelf, input.RoleName)
        const document = role.inline[input.PolicyName]
        if (document === undefined) return yield* noPolicy(input.PolicyName)
        return { RoleName: role.name, PolicyName: input.PolicyName, PolicyDocument: encodeURIComponent(document) }
      })
    ),
    operation("DeleteRolePolicy", Pair, (input) =>
      Effect.gen(function* () {
        const role = yield* roleOf(shelf, input.RoleName)
        const { [input.PolicyName]: gone, ...inline } = role.inline
        if (gone === undefined) return yield* noPolicy(input.PolicyName)
        shelf.roles.put(role.name, { ...role, inline })
        return {}
      })
    ),
    operation("ListRolePolicies", Named, (input) =>
      Effect.map(roleOf(shelf, input.RoleName), (role) => ({
        PolicyNames: Object.keys(role.inline),
        IsTruncated: false
      }))
    )
  ]
}

const tagOperations = (shelf: IamShelf) => [
  operation("TagRole", Schema.Struct({ RoleName: Schema.String, Tags: KeyValueTags }), (input) =>
    Effect.map(roleOf(shelf, input.RoleName), (role) => {
      addTags(shelf.world, roleArn(shelf.world, role), mapOfKeyValues(input.Tags))
      return {}
    })
  ),
  operation("UntagRole", Schema.Struct({ RoleName: Schema.String, TagKeys: Schema.Array(Schema.String) }), (input) =>
    Effect.map(roleOf(shelf, input.RoleName), (role) => {
      dropTags(shelf.world, roleArn(shelf.world, role), input.TagKeys)
      return {}
    })
  ),
  operation("ListRoleTags", Named, (input) =>
    Effect.map(roleOf(shelf, input.RoleName), (role) => ({
      Tags: keyValuesOf(tagsOf(shelf.world, roleArn(shelf.world, role))),
      IsTruncated: false
    }))
  )
]

/** Roles, their policies and tags. */
export const roleOperations = (shelf: IamShelf) => [
  create(shelf),
  remove(shelf),
  list(shelf),
  operation("GetRole", Named, (input) =>
    Effect.map(roleOf(shelf, input.RoleName), (role) => ({ Role: shownRole(shelf, role) }))
  ),
  operation(
    "UpdateAssumeRolePolicy",
    Schema.Struct({ RoleName: Schema.String, PolicyDocument: Schema.String }),
    (input) =>
      Effect.map(roleOf(shelf, input.RoleName), (role) => {
        shelf.roles.put(role.name, { ...role, trust: input.PolicyDocument })
        return {}
      })
  ),
  operation("ListInstanceProfilesForRole", Named, (input) =>
    Effect.map(roleOf(shelf, input.RoleName), () => ({ InstanceProfiles: [], IsTruncated: false }))
  ),
  ...attachedOperations(shelf),
  ...inlineOperations(shelf),
  ...tagOperations(shelf)
]
