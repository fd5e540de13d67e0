import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { isoSeconds } from "../world.ts"
import { iamArn, iamId, type IamShelf, missing, type PolicyRecord } from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const Named = Schema.Struct({ PolicyArn: Schema.String })

const shown = (shelf: IamShelf, arn: string, policy: PolicyRecord) => ({
  PolicyName: policy.name,
  PolicyId: iamId("ANPA", arn),
  Arn: arn,
  Path: policy.path,
  DefaultVersionId: "v1",
  AttachmentCount: shelf.roles.all().filter((role) => role.attached.includes(arn)).length,
  IsAttachable: true,
  Description: policy.description,
  CreateDate: isoSeconds(policy.createdAt),
  UpdateDate: isoSeconds(policy.createdAt)
})

/** AWS's own policies are all there, without anybody having made them. */
const managed = (arn: string): PolicyRecord | undefined =>
  arn.startsWith("arn:aws:iam::aws:policy/")
    ? {
        name: arn.split("/").at(-1) ?? arn,
        path: arn.includes("/service-role/") ? "/service-role/" : "/",
        document: '{"Version":"2012-10-17","Statement":[]}',
        createdAt: 0
      }
    : undefined

const policyOf = (shelf: IamShelf, arn: string): Effect.Effect<PolicyRecord, AwsFault> => {
  const found = shelf.policies.get(arn) ?? managed(arn)
  return found === undefined ? Effect.fail(missing(`Policy ${arn} was not found.`)) : Effect.succeed(found)
}

/** Managed policies, and the user who asks. */
export const policyOperations = (shelf: IamShelf) => [
  operation(
    "CreatePolicy",
    Schema.Struct({ PolicyName: Schema.String, Path: text, PolicyDocument: Schema.String, Description: text }),
    (input) =>
      Effect.gen(function* () {
        const arn = iamArn(shelf.world, `policy${input.Path ?? "/"}${input.PolicyName}`)
        if (shelf.policies.has(arn))
          return yield* awsFault("EntityAlreadyExists", `A policy called ${input.PolicyName} already exists.`, {
            status: 409
          })
        const policy = shelf.policies.put(arn, {
          name: input.PolicyName,
          path: input.Path ?? "/",
          document: input.PolicyDocument,
          ...(input.Description === undefined ? {} : { description: input.Description }),
          createdAt: shelf.world.simulation.clock.now()
        })
        return { Policy: shown(shelf, arn, policy) }
      })
  ),
  operation("GetPolicy", Named, (input) =>
    Effect.map(policyOf(shelf, input.PolicyArn), (policy) => ({ Policy: shown(shelf, input.PolicyArn, policy) }))
  ),
  operation("GetPolicyVersion", Schema.Struct({ PolicyArn: Schema.String, VersionId: Schema.String }), (input) =>
    Effect.map(policyOf(shelf, input.PolicyArn), (policy) => ({
      PolicyVersion: {
        Document: encodeURIComponent(policy.document),
        VersionId: "v1",
        IsDefaultVersion: true,
        CreateDate: isoSeconds(policy.createdAt)
      }
    }))
  ),
  operation("ListPolicyVersions", Named, (input) =>
    Effect.map(policyOf(shelf, input.PolicyArn), (policy) => ({
      Versions: [{ VersionId: "v1", IsDefaultVersion: true, CreateDate: isoSeconds(policy.createdAt) }],
      IsTruncated: false
    }))
  ),
  operation("DeletePolicy", Named, (input) =>
    Effect.gen(function* () {
      yield* policyOf(shelf, input.PolicyArn)
      if (shelf.roles.all().some((role) => role.attached.includes(input.PolicyArn)))
        return yield* awsFault("DeleteConflict", "Cannot delete a policy attached to entities.", { status: 409 })
      shelf.policies.delete(input.PolicyArn)
      return {}
    })
  ),
  operation("GetUser", Schema.Struct({ UserName: text }), () =>
    Effect.succeed({
      User: {
        Path: "/",
        UserName: "owner",
        UserId: "AIDASIMULATEDOWNER00",
        Arn: iamArn(shelf.world, "user/owner"),
        CreateDate: isoSeconds(0)
      }
    })
  )
]
