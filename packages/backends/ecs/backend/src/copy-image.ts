import { patiently, registryLogin } from "@sockerless/cloud-aws"
import type { Fault } from "@sockerless/faults"
import { Effect } from "effect"
import type { EcsContext } from "./context.ts"
import { EcsMissing } from "./faults.ts"

/** Finds the repository that images are copied to; it is made by the operator. */
const repositoryUri = ({ options }: EcsContext): Effect.Effect<string, Fault> =>
  Effect.gen(function* () {
    const { repository } = options
    const missing = new EcsMissing({
      what: `the repository "${repository}" is not in the account's registry`,
      wayOut: `aws ecr create-repository --repository-name ${repository}`
    })
    const answer = yield* patiently(
      options.account.ecr("DescribeRepositories", (client, sdk, call) =>
        client.send(new sdk.DescribeRepositoriesCommand({ repositoryNames: [repository] }), call)
      )
    ).pipe(Effect.mapError((fault): Fault => (fault.code === "RepositoryNotFoundException" ? missing : fault)))
    const uri = answer.repositories?.[0]?.repositoryUri
    return uri === undefined ? yield* Effect.fail(missing) : uri
  })

/** Copies the image to the account's registry, where it is not there yet, and names it by digest. */
export const copyImage = Effect.fn("ecs.copy-image")(function* (
  context: EcsContext,
  imageId: string
): Effect.fn.Return<string, Fault> {
  const uri = yield* repositoryUri(context)
  const { username, password } = yield* registryLogin(context.options.account)
  // One tag per image: a copy that is repeated finds everything there.
  const tag = imageId.replace(/^sha256:/, "").slice(0, 40)
  const digest = yield* context.images.copy(imageId, `${uri}:${tag}`, { username, password, serverAddress: uri })
  return `${uri}@${digest}`
})
