import type { FaultKind } from "@sockerless/faults"
import type { ImageRecord } from "@sockerless/images"
import { Effect, Schema } from "effect"
import { newPassword } from "../ecr/shelf.ts"
import { type World } from "../world.ts"
import type { TaskContainer, TaskRecord } from "./records.ts"
import type { EcsShelf } from "./shelf.ts"
import type { TaskRunner } from "./task-runner.ts"

/** A task does not come to run; the text is its `stoppedReason`. */
export class TaskFailed extends Schema.TaggedError<TaskFailed>()("TaskFailed", { text: Schema.String }) {
  readonly kind: FaultKind = "failed"
  override get message(): string {
    return this.text
  }
}

const ECR_HOST = /^\d+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com$/

/** A reference as this machine can pull it: what lies in the simulated registry is found at the simulator. */
const pullable = (world: World, image: string): { readonly reference: string; readonly isOwn: boolean } => {
  const slash = image.indexOf("/")
  const host = image.slice(0, Math.max(0, slash))
  const isOwn = ECR_HOST.test(host) || host === world.endpoint() || host === world.gateway()
  return isOwn ? { reference: `${world.endpoint()}/${image.slice(slash + 1)}`, isOwn } : { reference: image, isOwn }
}

/** Pulls one image with the credentials of the simulated registry where it lies there. */
export const pullImage = (world: World, image: string) => {
  const { reference, isOwn } = pullable(world, image)
  return world.host.pull(reference, isOwn ? { username: "AWS", password: newPassword(world).password } : undefined)
}

/** The images of a task's containers by container name; their digests are noted in the task. */
export const pullImages = (
  shelf: EcsShelf,
  runner: TaskRunner,
  task: TaskRecord
): Effect.Effect<ReadonlyMap<string, ImageRecord>, TaskFailed> =>
  Effect.gen(function* () {
    const { world } = shelf
    if (task.pullStartedAt === undefined) runner.change(task.id, { pullStartedAt: world.simulation.clock.now() })
    const pull = (container: TaskContainer) =>
      Effect.map(
        pullImage(world, container.image).pipe(
          Effect.tapError((fault) =>
            Effect.sync(() =>
              runner.changeContainer(task.id, container.name, {
                reason: `CannotPullContainerError: ${fault.message}`
              })
            )
          ),
          Effect.mapError(
            (fault) =>
              new TaskFailed({
                text: `CannotPullContainerError: failed to resolve ref ${container.image}: ${fault.message}`
              })
          )
        ),
        (image) => {
          runner.changeContainer(task.id, container.name, { imageDigest: image.manifestDigest })
          return [container.name, image] as const
        }
      )
    const images = yield* Effect.forEach(task.containers, pull, { concurrency: "unbounded" })
    if (task.pullStoppedAt === undefined) runner.change(task.id, { pullStoppedAt: world.simulation.clock.now() })
    return new Map(images)
  })
