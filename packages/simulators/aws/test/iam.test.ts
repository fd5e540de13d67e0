import * as iamSdk from "@aws-sdk/client-iam"
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Rig, startRig } from "./rig.ts"

let rig: Rig

beforeAll(async () => {
  rig = await startRig()
}, 60_000)
afterAll(() => rig.stop(), 60_000)

const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "none",
    (error: Error) => error.name
  )

describe("IAM", () => {
  it("keeps roles with their policies and tags, and lets them be assumed", async () => {
    const iam = new iamSdk.IAMClient(rig.client)
    const trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}'
    const RoleName = "runner"
    const make = () =>
      iam.send(
        new iamSdk.CreateRoleCommand({
          RoleName,
          AssumeRolePolicyDocument: trust,
          Tags: [{ Key: "a", Value: "1" }]
        })
      )
    const { Role } = await make()
    assert.strictEqual(Role?.Arn, "arn:aws:iam::123456789012:role/runner")
    assert.strictEqual(await codeOf(make()), "EntityAlreadyExistsException")
    const PolicyArn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    await iam.send(new iamSdk.AttachRolePolicyCommand({ RoleName, PolicyArn }))
    await iam.send(new iamSdk.PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument: trust }))
    const read = await iam.send(new iamSdk.GetRoleCommand({ RoleName }))
    assert.strictEqual(decodeURIComponent(read.Role?.AssumeRolePolicyDocument ?? ""), trust)
    assert.deepStrictEqual(read.Role?.Tags, [{ Key: "a", Value: "1" }])
    const { AttachedPolicies } = await iam.send(new iamSdk.ListAttachedRolePoliciesCommand({ RoleName }))
    assert.deepStrictEqual(AttachedPolicies, [{ PolicyName: "AmazonECSTaskExecutionRolePolicy", PolicyArn }])
    assert.strictEqual(await codeOf(iam.send(new iamSdk.DeleteRoleCommand({ RoleName }))), "DeleteConflictException")

    const sts = new STSClient(rig.client)
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: "session" }))
    const assumed = new STSClient({
      ...rig.client,
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? "",
        secretAccessKey: Credentials?.SecretAccessKey ?? "",
        sessionToken: Credentials?.SessionToken ?? ""
      }
    })
    await rig.restart()
    const identity = await assumed.send(new GetCallerIdentityCommand({}))
    assert.strictEqual(identity.Arn, "arn:aws:sts::123456789012:assumed-role/runner/session")

    await iam.send(new iamSdk.DetachRolePolicyCommand({ RoleName, PolicyArn }))
    await iam.send(new iamSdk.DeleteRolePolicyCommand({ RoleName, PolicyName: "own" }))
    await iam.send(new iamSdk.DeleteRoleCommand({ RoleName }))
    assert.strictEqual(await codeOf(iam.send(new iamSdk.GetRoleCommand({ RoleName }))), "NoSuchEntityException")
  })
})
