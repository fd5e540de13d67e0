import type { AwsAccount } from "@sockerless/cloud-aws"
import { type Cloudsim, startCloudsim } from "@sockerless/e2e-cloud-sdks"
import { busyboxArchive, type Daemon, startSockerlessd } from "@sockerless/e2e-kit"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { accountOf, makeBucket } from "./account.ts"

/** A simulated account with what the operator makes, and a daemon that runs containers there. */
export interface Prepared {
  readonly sim: Cloudsim
  readonly account: AwsAccount
  readonly daemon: () => Daemon
  /** SIGKILL and a new start on the same folders; `between` happens while no daemon is there. */
  readonly restart: (between?: () => Promise<void>) => Promise<void>
  readonly stop: () => Promise<void>
}

const CLUSTER = "main"
const LOG_GROUP = "/sockerless"
const REPOSITORY = "sockerless"
const BUCKET = "sockerless-lease"

const prepareAccount = (account: AwsAccount) =>
  Effect.gen(function* () {
    yield* makeBucket(account, BUCKET)
    yield* account.ecs("CreateCluster", (client, sdk, call) =>
      client.send(new sdk.CreateClusterCommand({ clusterName: CLUSTER }), call)
    )
    yield* account.logs("CreateLogGroup", (client, sdk, call) =>
      client.send(new sdk.CreateLogGroupCommand({ logGroupName: LOG_GROUP }), call)
    )
    const { repository } = yield* account.ecr("CreateRepository", (client, sdk, call) =>
      client.send(new sdk.CreateRepositoryCommand({ repositoryName: REPOSITORY }), call)
    )
    return repository?.repositoryUri ?? ""
  })

/** Starts both; the image `busybox` is loaded. */
export const prepare = async (): Promise<Prepared> => {
  const sim = await startCloudsim()
  const account = accountOf(sim)
  const environment = sim.environment()
  const repositoryUri = await Effect.runPromise(prepareAccount(account))
  const folder = mkdtempSync(join(tmpdir(), "sl-ecs-"))
  const configFile = join(folder, "daemon.json")
  writeFileSync(
    configFile,
    JSON.stringify({
      "insecure-registries": [repositoryUri.split("/")[0]],
      runtimes: {
        ecs: {
          runtimeType: "io.sockerless.ecs",
          options: {
            region: account.region,
            endpoint: environment["AWS_ENDPOINT_URL"],
            cluster: CLUSTER,
            subnets: ["subnet-1"],
            securityGroups: ["sg-1"],
            logGroup: LOG_GROUP,
            repository: REPOSITORY,
            bucket: BUCKET
          }
        }
      }
    })
  )
  const start = () => startSockerlessd({ folder, args: ["--config-file", configFile], env: environment })
  let daemon = await start()
  const loaded = await daemon.docker.run(["load"], { input: await busyboxArchive() })
  if (loaded.code !== 0) throw new Error(loaded.stderr)
  return {
    sim,
    account,
    daemon: () => daemon,
    restart: async (between) => {
      await daemon.kill()
      await between?.()
      daemon = await start()
    },
    stop: async () => {
      await daemon.stop()
      await sim.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
