import type { ContainerDefinition, RegisterTaskDefinitionCommandInput, Tag } from "@aws-sdk/client-ecs"
import type { WorkloadSpec } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import type { Identity } from "@sockerless/resource-registry"
import { awsTags } from "@sockerless/tags"
import { Effect } from "effect"
import { BACKEND, CONTAINER_NAME, type EcsContext } from "./context.ts"
import { wantedSize } from "./check.ts"
import { fargateSize } from "./fargate-size.ts"

const DEFAULT_STOP_SECONDS = 10

/** What every resource of a container says about itself. */
export const tagsOf = (
  context: EcsContext,
  containerId: string,
  identity: Identity
): Effect.Effect<Array<Tag>, Fault> =>
  Effect.fromResult(
    awsTags.lowerPairs({
      containerId,
      backend: BACKEND,
      instance: context.ledger.instance,
      createdAt: new Date(),
      epoch: identity.epoch,
      facts: { name: identity.name }
    })
  )

/** The log stream of a run is `<prefix>/<container name>/<task id>`. */
export const logPrefix = (containerId: string): string => containerId.slice(0, 12)

const environmentOf = ({ process }: WorkloadSpec) =>
  process.env.map((entry) => {
    const at = entry.indexOf("=")
    return at === -1 ? { name: entry, value: "" } : { name: entry.slice(0, at), value: entry.slice(at + 1) }
  })

const containerOf = (context: EcsContext, spec: WorkloadSpec, image: string): ContainerDefinition => ({
  name: CONTAINER_NAME,
  image,
  essential: true,
  // The image's own entrypoint and command are in argv already.
  entryPoint: spec.process.argv.slice(0, 1),
  command: spec.process.argv.slice(1),
  environment: environmentOf(spec),
  ...(spec.process.workingDir === "" ? {} : { workingDirectory: spec.process.workingDir }),
  ...(spec.process.user === "" ? {} : { user: spec.process.user }),
  readonlyRootFilesystem: spec.isolation.readOnlyRootfs,
  stopTimeout: spec.stopTimeoutSeconds ?? DEFAULT_STOP_SECONDS,
  dockerLabels: { ...spec.labels, "io.sockerless.name": spec.name },
  linuxParameters: {
    initProcessEnabled: spec.isolation.init,
    ...(spec.isolation.capAdd.length + spec.isolation.capDrop.length === 0
      ? {}
      : {
          capabilities: {
            add: spec.isolation.capAdd.map((name) => name.replace(/^CAP_/i, "").toUpperCase()),
            drop: spec.isolation.capDrop.map((name) => name.replace(/^CAP_/i, "").toUpperCase())
          }
        })
  },
  ulimits: spec.isolation.ulimits.map(({ soft, hard }) => ({ name: "nofile", softLimit: soft, hardLimit: hard })),
  logConfiguration: {
    logDriver: "awslogs",
    options: {
      "awslogs-group": context.options.logGroup,
      "awslogs-region": context.options.account.region,
      "awslogs-stream-prefix": logPrefix(spec.id)
    }
  }
})

/** The request that makes a container's task definition: a family of its own, one revision. */
export const definitionOf = Effect.fnUntraced(function* (
  context: EcsContext,
  spec: WorkloadSpec,
  image: string,
  identity: Identity
): Effect.fn.Return<RegisterTaskDefinitionCommandInput, Fault> {
  const { options } = context
  const wanted = wantedSize(spec)
  const size = fargateSize(wanted.cpuUnits, wanted.mebibytes)
  return {
    family: identity.name,
    networkMode: "awsvpc",
    requiresCompatibilities: ["FARGATE"],
    cpu: String(size?.cpuUnits ?? 256),
    memory: String(size?.memoryMebibytes ?? 512),
    ...(options.executionRoleArn === undefined ? {} : { executionRoleArn: options.executionRoleArn }),
    ...(options.taskRoleArn === undefined ? {} : { taskRoleArn: options.taskRoleArn }),
    containerDefinitions: [containerOf(context, spec, image)],
    tags: yield* tagsOf(context, spec.id, identity)
  }
})
