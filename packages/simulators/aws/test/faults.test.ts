import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DescribeLogGroupsCommand,
  DeleteLogGroupCommand
} from "@aws-sdk/client-cloudwatch-logs"
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3"
import type { FaultRule } from "@sockerless/simulator-kit"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Rig, startRig } from "./rig.ts"
import { until } from "./until.ts"

let rig: Rig
let logs: CloudWatchLogsClient
let s3: S3Client

beforeAll(async () => {
  rig = await startRig()
  logs = new CloudWatchLogsClient(rig.client)
  s3 = new S3Client({ ...rig.client, forcePathStyle: true })
}, 60_000)
afterAll(() => rig.stop(), 60_000)

const control = async (path: string, init: RequestInit = {}): Promise<unknown> =>
  (await fetch(`${rig.client.endpoint}/_sim/v1/${path}`, init)).json()

const order = (rule: FaultRule): Promise<unknown> => control("faults", { method: "POST", body: JSON.stringify(rule) })

const make = (logGroupName: string) => logs.send(new CreateLogGroupCommand({ logGroupName }))

const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "none",
    (error: Error & { readonly code?: string }) => error.code ?? error.name
  )

const names = async (limit?: number): Promise<ReadonlyArray<string | undefined>> => {
  const { logGroups, nextToken } = await logs.send(
    new DescribeLogGroupsCommand({ ...(limit === undefined ? {} : { limit }) })
  )
  return [...(logGroups?.map((group) => group.logGroupName) ?? []), ...(nextToken === undefined ? [] : ["more"])]
}

const journalOf = (operation: string, resource: string) =>
  rig
    .aws()
    .simulation.journal.since(0)
    .filter((entry) => entry.operation === operation && entry.resource === resource)

describe("faults", () => {
  it("are words of the cloud's own, played as often as ordered", async () => {
    await order({ match: { operation: "CreateLogGroup" }, times: 2, fault: { kind: "throttle" } })
    assert.strictEqual(await codeOf(make("throttled")), "ThrottlingException")
    assert.strictEqual(await codeOf(make("throttled")), "ThrottlingException")
    assert.strictEqual(await codeOf(make("throttled")), "none")
    assert.deepStrictEqual(
      journalOf("CreateLogGroup", "throttled").map((entry) => [entry.applied, entry.error]),
      [
        [false, "ThrottlingException"],
        [false, "ThrottlingException"],
        [true, undefined]
      ]
    )
  })

  it("break a connection before or after the work is done, and the journal tells which", async () => {
    await order({ match: { operation: "CreateLogGroup", resource: "never" }, times: 1, fault: { kind: "reset" } })
    assert.strictEqual(await codeOf(make("never")), "ECONNRESET")
    await order({
      match: { operation: "CreateLogGroup", resource: "lost" },
      times: 1,
      fault: { kind: "lost-response" }
    })
    assert.strictEqual(await codeOf(make("lost")), "ECONNRESET")
    const present = await names()
    assert.notInclude(present, "never")
    assert.include(present, "lost")
    const facts = (name: string) => journalOf("CreateLogGroup", name).map((entry) => [entry.applied, entry.answered])
    assert.deepStrictEqual(facts("never"), [[false, false]])
    assert.deepStrictEqual(facts("lost"), [[true, false]])
  })

  it("hold a request at either side of its work until it is let go", async () => {
    await order({
      match: { operation: "CreateLogGroup", resource: "held" },
      times: 1,
      fault: { kind: "hold", phase: "after" }
    })
    const answer = codeOf(make("held"))
    const [index] = await until("it is held", async () => {
      const held = await control("held")
      return Array.isArray(held) && held.length === 1 ? held : undefined
    })
    assert.include(await names(), "held")
    assert.deepStrictEqual(await control(`held/${String(index)}`, { method: "DELETE" }), [])
    assert.strictEqual(await answer, "none")
  })

  it("make listings old, short of their newest, or of many pages", async () => {
    const all = await names()
    await logs.send(new DeleteLogGroupCommand({ logGroupName: "held" }))
    await order({ match: { operation: "DescribeLogGroups" }, times: 1, fault: { kind: "stale", millis: 3_600_000 } })
    assert.deepStrictEqual(await names(), [])
    await order({ match: { operation: "DescribeLogGroups" }, times: 1, fault: { kind: "omit-newest", count: 1 } })
    assert.deepStrictEqual(
      await names(),
      all.filter((name) => name !== "held" && name !== "lost")
    )
    await order({ match: { operation: "DescribeLogGroups" }, times: 1, fault: { kind: "page-size", items: 1 } })
    assert.deepStrictEqual(await names(), ["lost", "more"])
  })

  it("deliver an object twice without harm to its bytes", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "twice" }))
    await order({ match: { service: "s3", operation: "PutObject" }, times: 1, fault: { kind: "duplicate" } })
    await s3.send(new PutObjectCommand({ Bucket: "twice", Key: "k", Body: "whole" }))
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "twice", Key: "k" }))
    assert.strictEqual(await Body?.transformToString(), "whole")
  })
})

describe("time", () => {
  it("is moved by a test and kept over restarts", async () => {
    const before = Date.now()
    await control("clock", { method: "POST", body: JSON.stringify({ advanceMillis: 86_400_000 }) })
    await make("tomorrow")
    await rig.restart()
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "tomorrow" }))
    assert.isAtLeast(logGroups?.[0]?.creationTime ?? 0, before + 86_400_000)
    assert.isAtLeast(rig.aws().simulation.clock.now(), before + 86_400_000)
  })
})
