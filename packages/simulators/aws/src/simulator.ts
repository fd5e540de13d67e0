import {
  type Answer,
  answerControl,
  CONTROL_PREFIX,
  jsonReply,
  type ListenFailed,
  serve,
  type Simulation,
  WorkloadHost
} from "@sockerless/simulator-kit"
import type { StoreFault } from "@sockerless/store"
import { Effect, Schema, type Scope } from "effect"
import { randomBytes } from "node:crypto"
import { answerDistribution } from "./ecr/distribution.ts"
import { answerMetadata, METADATA_PREFIX } from "./ecs/metadata.ts"
import { answerRuntime, RUNTIME_PREFIX } from "./lambda/runtime-api.ts"
import type { AwsOptions } from "./options.ts"
import { answerS3 } from "./s3/answer.ts"
import { openServices, type Services } from "./services.ts"
import { makeCredentials, OWNER_KEY } from "./sts/credentials.ts"
import { dispatch } from "./wire/dispatch.ts"
import { signingService } from "./wire/signature.ts"
import { makeWorld, type World } from "./world.ts"

/** A simulated account that listens. */
export interface AwsSimulator {
  /** `host:port` on this machine. */
  readonly endpoint: string
  /** The same as workloads reach it; undefined where none can run. */
  readonly gateway: string | undefined
  /** The environment by which the AWS SDKs, the CLI and Terraform use it. */
  readonly environment: Readonly<Record<string, string>>
  readonly simulation: Simulation
}

const Identity = Schema.Struct({ secret: Schema.String, port: Schema.Number })

const answerOf =
  (world: World, services: Services): Answer =>
  (request) => {
    const { path } = request
    if (path.startsWith(CONTROL_PREFIX)) return answerControl(world.simulation, request)
    if (path === "/v2" || path.startsWith("/v2/")) return answerDistribution(services.ecr, request)
    if (path.startsWith(METADATA_PREFIX)) return Effect.sync(() => answerMetadata(services.ecs, request))
    if (path.startsWith(RUNTIME_PREFIX)) return answerRuntime(services.lambda.shelf, services.lambda.sandboxes, request)
    const name = signingService(request)
    if (name === "s3") return answerS3(services.s3, request)
    const service = services.signed.get(name ?? "")
    if (service === undefined || name === undefined)
      return Effect.succeed(
        jsonReply({ __type: "MissingAuthenticationToken", message: "Missing Authentication Token" }, 403)
      )
    return dispatch(world.simulation, world.credentials.lookUp, name, service, request)
  }

/** Opens the account's state, listens, and takes up every workload of the last run. Ends with the scope. */
export const startAws = Effect.fnUntraced(function* (
  simulation: Simulation,
  options: AwsOptions
): Effect.fn.Return<AwsSimulator, ListenFailed | StoreFault, Scope.Scope | WorkloadHost> {
  const host = yield* WorkloadHost
  const identities = yield* simulation.book.table("identity", Identity)
  const identity = identities.get("aws") ?? { secret: randomBytes(32).toString("hex"), port: 0 }
  const credentials = makeCredentials(options.account, identity.secret)
  const addresses: { endpoint: string; gateway: string | undefined } = { endpoint: "", gateway: undefined }
  const world = yield* makeWorld(options, { simulation, host, credentials, secret: identity.secret, addresses })
  const services = yield* openServices(world)
  const answer = answerOf(world, services)
  // References in stored resources name the port: it stays the same from run to run.
  const port = yield* serve(answer, { host: "127.0.0.1", port: options.port === 0 ? identity.port : options.port })
  addresses.endpoint = `127.0.0.1:${port}`
  identities.put("aws", { secret: identity.secret, port })
  yield* simulation.book.settle
  if (host.gateway !== undefined) {
    yield* serve(answer, { host: host.gateway, port })
    addresses.gateway = `${host.gateway}:${port}`
  }
  yield* services.takeUp
  return {
    endpoint: addresses.endpoint,
    gateway: addresses.gateway,
    environment: {
      AWS_ENDPOINT_URL: `http://${addresses.endpoint}`,
      AWS_ACCESS_KEY_ID: OWNER_KEY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: OWNER_KEY.secretAccessKey,
      AWS_REGION: options.region,
      AWS_DEFAULT_REGION: options.region,
      ...(host.gateway === undefined ? {} : { CLOUDSIM_GATEWAY: host.gateway })
    },
    simulation
  }
})
