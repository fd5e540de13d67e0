import { execFile, spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Cloudsim, startCloudsim } from "../src/index.ts"

const execute = promisify(execFile)
const isPresent = spawnSync("aws", ["--version"]).status === 0
if (!isPresent) process.stderr.write("the aws CLI is not installed: its tests are skipped\n")

let sim: Cloudsim

beforeAll(async () => {
  if (isPresent) sim = await startCloudsim()
})
afterAll(() => sim?.stop())

const aws = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { stdout } = await execute("aws", [...args], {
    env: { ...process.env, ...sim.environment(), AWS_PAGER: "", AWS_CONFIG_FILE: "/dev/null" }
  })
  return stdout
}

const textOf = async (query: string, ...args: ReadonlyArray<string>): Promise<string> =>
  (await aws(...args, "--query", query, "--output", "text")).trim()

describe.skipIf(!isPresent)("the aws CLI", { timeout: 180_000 }, () => {
  it("knows who it is", async () => {
    assert.strictEqual(await textOf("Account", "sts", "get-caller-identity"), "123456789012")
  })

  it("copies files to a bucket and back", async () => {
    const file = join(sim.folder, "up.txt")
    writeFileSync(file, "what is kept\n".repeat(1000))
    await aws("s3", "mb", "s3://cli-bucket")
    await aws("s3", "cp", file, "s3://cli-bucket/a/up.txt")
    await aws("s3", "cp", "s3://cli-bucket/a/up.txt", join(sim.folder, "down.txt"))
    assert.deepStrictEqual(await readFile(join(sim.folder, "down.txt")), await readFile(file))
    assert.match(await aws("s3", "ls", "s3://cli-bucket/a/"), /13000 up\.txt/)
    await aws("s3", "rb", "s3://cli-bucket", "--force")
  })

  it("makes clusters, repositories and log groups", async () => {
    await aws("ecs", "create-cluster", "--cluster-name", "cli", "--tags", "key=a,value=1")
    assert.strictEqual(
      await textOf("clusters[0].tags[0].value", "ecs", "describe-clusters", "--clusters", "cli", "--include", "TAGS"),
      "1"
    )
    const uri = await textOf("repository.repositoryUri", "ecr", "create-repository", "--repository-name", "cli/box")
    assert.match(uri, /^127\.0\.0\.1:\d+\/cli\/box$/)
    assert.isAbove((await aws("ecr", "get-login-password")).length, 60)
    await aws("logs", "create-log-group", "--log-group-name", "/cli")
    assert.strictEqual(await textOf("logGroups[0].logGroupName", "logs", "describe-log-groups"), "/cli")
  })

  it("waits by its own waiters until a task that cannot start has stopped", async () => {
    await aws("ecs", "create-cluster", "--cluster-name", "waiting")
    await aws(
      ...["ecs", "register-task-definition", "--family", "absent", "--network-mode", "awsvpc"],
      ...["--requires-compatibilities", "FARGATE", "--cpu", "256", "--memory", "512"],
      ...["--container-definitions", '[{"name":"main","image":"123456789012.dkr.ecr.us-east-1.amazonaws.com/no:1"}]']
    )
    const arn = await textOf(
      "tasks[0].taskArn",
      ...["ecs", "run-task", "--cluster", "waiting", "--task-definition", "absent", "--launch-type", "FARGATE"],
      ...["--network-configuration", "awsvpcConfiguration={subnets=[subnet-1]}"]
    )
    await aws("ecs", "wait", "tasks-stopped", "--cluster", "waiting", "--tasks", arn)
    assert.strictEqual(
      await textOf("tasks[0].stopCode", "ecs", "describe-tasks", "--cluster", "waiting", "--tasks", arn),
      "TaskFailedToStart"
    )
  })
})
