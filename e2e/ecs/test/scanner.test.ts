import { scannerContract } from "@sockerless/backend-contract/scanner-suite"
import { registryLogin } from "@sockerless/cloud-aws"
import { noWorkloads, startCloudsim } from "@sockerless/e2e-cloud-sdks"
import { busyboxArchive, startSockerlessd } from "@sockerless/e2e-kit"
import { ecsScanner } from "@sockerless/scanner-ecs"
import { Effect, Layer } from "effect"
import { describe } from "vitest"
import { accountOf, ecsFixture } from "../src/index.ts"

const CLUSTER = "scanned"
const PAGE_SIZE = 3

/** A simulated account with a cluster and one image, pushed by a daemon that is gone before the suite begins. */
const place = Layer.unwrap(
  Effect.gen(function* () {
    const sim = yield* Effect.acquireRelease(
      Effect.promise(() => startCloudsim()),
      (running) => Effect.promise(() => running.stop())
    )
    const account = accountOf(sim)
    yield* account.ecs("CreateCluster", (client, sdk, call) =>
      client.send(new sdk.CreateClusterCommand({ clusterName: CLUSTER }), call)
    )
    const { repository } = yield* account.ecr("CreateRepository", (client, sdk, call) =>
      client.send(new sdk.CreateRepositoryCommand({ repositoryName: "box" }), call)
    )
    const image = `${repository?.repositoryUri}:1`
    const { username, password } = yield* registryLogin(account)
    yield* Effect.promise(async () => {
      const registry = image.split("/")[0] ?? ""
      const daemon = await startSockerlessd({ args: ["--insecure-registry", registry] })
      for (const [args, input] of [
        [["load"], await busyboxArchive(image)],
        [["login", "-u", username, "--password-stdin", registry], password],
        [["push", image], ""]
      ] as const) {
        const { code, stderr } = await daemon.docker.run(args, { input, millis: 60_000 })
        if (code !== 0) throw new Error(stderr)
      }
      await daemon.stop()
    })
    const endpoint = sim.environment()["AWS_ENDPOINT_URL"] ?? ""
    return Layer.merge(
      ecsScanner({ account, cluster: CLUSTER, pageSize: PAGE_SIZE }),
      ecsFixture({ account, cluster: CLUSTER, image, endpoint, pageSize: PAGE_SIZE })
    )
  })
)

describe.skipIf(noWorkloads !== undefined)("on the simulated ECS", () => {
  scannerContract("ecs", place)
})
