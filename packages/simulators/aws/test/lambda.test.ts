import * as lambdaSdk from "@aws-sdk/client-lambda"
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from "@aws-sdk/client-resource-groups-tagging-api"
import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { setTimeout } from "node:timers/promises"
import { noWorkloads, type Rig, startRig } from "./rig.ts"
import { misfitsIn } from "./shapes.ts"
import { openTasks, type Tasks } from "./tasks.ts"
import { until } from "./until.ts"

/** A runtime in shell: echoes what it gets, or does what the word in it says. */
const RUNTIME = `
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
runs=0
while :; do
  body=$(wget -qS -O- $api/next 2>/tmp/headers) || exit 9
  id=$(sed -n 's/.*Aws-Request-Id: //p' /tmp/headers | tr -d '\\r')
  runs=$((runs+1))
  echo "run $runs of $body"
  case $body in
    *sleep*) sleep 600;;
    *slow*) sleep 2;;
    *die*) exit 3;;
    *fail*) wget -qO /dev/null --post-data '{"errorType":"Bad","errorMessage":"asked to"}' $api/$id/error; continue;;
    *write*) (echo x > /etc/x) 2>/dev/null && body='"writable"' || body='"read-only"';;
  esac
  wget -qO /dev/null --post-data "$body" $api/$id/response
done`

let rig: Rig
let tasks: Tasks
let lambda: lambdaSdk.LambdaClient

beforeAll(async () => {
  if (noWorkloads !== undefined) return
  rig = await startRig()
  tasks = await openTasks(rig)
  lambda = new lambdaSdk.LambdaClient(rig.client)
}, 60_000)
afterAll(async () => {
  if (noWorkloads === undefined) await rig.stop()
}, 60_000)

const create = (FunctionName: string, more: Partial<lambdaSdk.CreateFunctionCommandInput> = {}) =>
  lambda.send(
    new lambdaSdk.CreateFunctionCommand({
      FunctionName,
      PackageType: "Image",
      Code: { ImageUri: tasks.image },
      Role: "arn:aws:iam::123456789012:role/runner",
      ImageConfig: { EntryPoint: ["sh", "-c", RUNTIME] },
      Timeout: 30,
      ...more
    })
  )

const invoke = async (FunctionName: string, payload: unknown, more: Partial<lambdaSdk.InvokeCommandInput> = {}) => {
  const answer = await lambda.send(
    new lambdaSdk.InvokeCommand({ FunctionName, Payload: JSON.stringify(payload), ...more })
  )
  const text = answer.Payload?.transformToString() ?? ""
  return { ...answer, value: text === "" ? undefined : (JSON.parse(text) as unknown) }
}

const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "none",
    (error: Error) => error.name
  )

const messages = async (name: string, filterPattern: string): Promise<ReadonlyArray<string | undefined>> => {
  const { events } = await tasks.logs.send(
    new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern })
  )
  return events?.map((event) => event.message) ?? []
}

/** As `messages`, of a function that may not have logged yet. */
const logged = (name: string, filterPattern: string): Promise<ReadonlyArray<string | undefined>> =>
  messages(name, filterPattern).catch((error: Error) => {
    if (error.name === "ResourceNotFoundException") return []
    throw error
  })

describe.skipIf(noWorkloads !== undefined)("Lambda runs functions for real", { timeout: 90_000 }, () => {
  it("answers, keeps a warm copy, shows its root read-only and its logs", async () => {
    const made = await create("echo", { Tags: { owner: "me" } })
    assert.strictEqual(made.FunctionArn, "arn:aws:lambda:us-east-1:123456789012:function:echo")
    assert.strictEqual(await codeOf(create("echo")), "ResourceConflictException")
    await lambdaSdk.waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60 }, { FunctionName: "echo" })
    const first = await invoke("echo", { n: 1 }, { LogType: "Tail" })
    assert.deepStrictEqual(first.value, { n: 1 })
    assert.strictEqual(first.FunctionError, undefined)
    assert.match(Buffer.from(first.LogResult ?? "", "base64").toString(), /START RequestId[\s\S]*REPORT RequestId/)
    assert.strictEqual((await invoke("echo", "write")).value, "read-only")
    const seen = await until("the second run is logged", async () => {
      const lines = await messages("echo", '"run "')
      return lines.length >= 2 ? lines : undefined
    })
    assert.deepStrictEqual(seen, ['run 1 of {"n":1}', 'run 2 of "write"'])
  })

  it("tells errors, ends and time-outs apart", async () => {
    await create("moody")
    await create("late", { Timeout: 2 })
    const failed = await invoke("moody", "fail")
    assert.strictEqual(failed.FunctionError, "Unhandled")
    assert.deepStrictEqual(failed.value, { errorType: "Bad", errorMessage: "asked to" })
    const died = await invoke("moody", "die")
    assert.match(JSON.stringify(died.value), /Runtime exited with error: exit status 3/)
    const late = await invoke("late", "sleep")
    assert.match(JSON.stringify(late.value), /Task timed out after 2.00 seconds/)
    assert.deepStrictEqual((await invoke("moody", "again")).value, "again")
  })

  it("keeps to one copy when that is reserved, and is found by its tags", async () => {
    await create("single", { Tags: { finder: "single" } })
    await lambda.send(
      new lambdaSdk.PutFunctionConcurrencyCommand({ FunctionName: "single", ReservedConcurrentExecutions: 1 })
    )
    const outcomes = await Promise.all([1, 2].map(() => codeOf(invoke("single", "slow"))))
    assert.deepStrictEqual(outcomes.toSorted(), ["TooManyRequestsException", "none"])
    const tagging = new ResourceGroupsTaggingAPIClient(rig.client)
    const { ResourceTagMappingList } = await tagging.send(
      new GetResourcesCommand({ TagFilters: [{ Key: "finder" }], ResourceTypeFilters: ["lambda:function"] })
    )
    assert.deepStrictEqual(
      ResourceTagMappingList?.map((mapping) => mapping.ResourceARN),
      ["arn:aws:lambda:us-east-1:123456789012:function:single"]
    )
  })

  it("delivers events later: again when the function fails, and twice when the network does so", async () => {
    await create("events")
    await lambda.send(
      new lambdaSdk.PutFunctionEventInvokeConfigCommand({ FunctionName: "events", MaximumRetryAttempts: 1 })
    )
    const send = (payload: string) => invoke("events", payload, { InvocationType: "Event" })
    assert.strictEqual((await send("fail")).StatusCode, 202)
    const count = (word: string, wanted: number) =>
      until(`${wanted} runs of ${word}`, async () => {
        const lines = (await logged("events", word)).filter((line) => line?.startsWith("run"))
        return lines.length >= wanted ? lines : undefined
      })
    await count("fail", 1)
    await until("the first attempt is over", async () => {
      const ended = await logged("events", "REPORT")
      return ended.length >= 1 ? ended : undefined
    })
    const isRetried = async (): Promise<boolean> =>
      (await logged("events", "fail")).filter((line) => line?.startsWith("run")).length >= 2
    // More than once, because the end of an attempt is logged a moment before the next one is planned.
    while (!(await isRetried())) {
      rig.aws().simulation.clock.advance(61_000)
      await setTimeout(1000)
    }
    rig.aws().simulation.faults.add({
      match: { service: "lambda", operation: "Invoke", resource: "events" },
      times: 1,
      fault: { kind: "duplicate" }
    })
    await send("twice")
    await count("twice", 2)
  })

  it("goes on after the simulator died with an event at work", async () => {
    await create("survivor")
    await invoke("survivor", "slow", { InvocationType: "Event" })
    await until("it runs", async () => {
      const lines = await logged("survivor", "slow")
      return lines.length > 0 ? lines : undefined
    })
    await rig.restart()
    assert.deepStrictEqual((await invoke("survivor", "after")).value, "after")
    const { Configuration } = await lambda.send(new lambdaSdk.GetFunctionCommand({ FunctionName: "survivor" }))
    assert.strictEqual(Configuration?.State, "Active")
    await lambda.send(new lambdaSdk.DeleteFunctionCommand({ FunctionName: "survivor" }))
    assert.strictEqual(await codeOf(invoke("survivor", "gone")), "ResourceNotFoundException")
  })

  it("answers in the shapes of the vendor's SDK", async () => {
    await lambda.send(new lambdaSdk.ListFunctionsCommand({}))
    await lambda.send(new lambdaSdk.GetFunctionCommand({ FunctionName: "echo" }))
    const entries = rig
      .aws()
      .simulation.journal.since(0)
      .filter((entry) => entry.service === "lambda" && entry.operation !== "Invoke")
    assert.isAbove(entries.length, 0)
    assert.deepStrictEqual([...new Set(misfitsIn(lambdaSdk, entries))], [])
  })
})
