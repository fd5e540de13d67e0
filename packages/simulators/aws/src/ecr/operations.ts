import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import { addTags, dropTags, tagsOf, type TagMap } from "../world.ts"
import { imageOperations } from "./images.ts"
import type { RepositoryRecord } from "./records.ts"
import { type EcrShelf, newPassword, noRepository, repositoryArn, repositoryOf, repositoryUri } from "./shelf.ts"

const text = Schema.optionalKey(Schema.String)
const TagList = Schema.Array(Schema.Struct({ Key: Schema.String, Value: Schema.String }))
const mapOf = (tags: typeof TagList.Type | undefined): TagMap =>
  Object.fromEntries((tags ?? []).map((tag) => [tag.Key, tag.Value]))

const shown = (shelf: EcrShelf, repository: RepositoryRecord) => ({
  repositoryArn: repositoryArn(shelf.world, repository.name),
  registryId: shelf.world.account,
  repositoryName: repository.name,
  repositoryUri: repositoryUri(shelf.world, repository.name),
  createdAt: repository.createdAt / 1000,
  imageTagMutability: repository.isImmutable ? "IMMUTABLE" : "MUTABLE",
  imageScanningConfiguration: { scanOnPush: repository.scanOnPush },
  encryptionConfiguration: { encryptionType: "AES256" }
})

const NAME = /^[a-z0-9]+(?:[._/-][a-z0-9]+)*$/

const createRepository = (shelf: EcrShelf) =>
  operation(
    "CreateRepository",
    Schema.Struct({
      repositoryName: Schema.String,
      tags: Schema.optionalKey(TagList),
      imageTagMutability: text,
      imageScanningConfiguration: Schema.optionalKey(Schema.Struct({ scanOnPush: Schema.optionalKey(Schema.Boolean) }))
    }),
    (input) =>
      Effect.gen(function* () {
        const name = input.repositoryName
        if (!NAME.test(name) || name.length > 256)
          return yield* awsFault(
            "InvalidParameterException",
            `Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression'`
          )
        if (shelf.repositories.has(name))
          return yield* awsFault(
            "RepositoryAlreadyExistsException",
            `The repository with name '${name}' already exists in the registry with id '${shelf.world.account}'`
          )
        const repository = shelf.repositories.put(name, {
          name,
          createdAt: shelf.world.simulation.clock.now(),
          isImmutable: input.imageTagMutability === "IMMUTABLE",
          scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? false
        })
        addTags(shelf.world, repositoryArn(shelf.world, name), mapOf(input.tags))
        return { repository: shown(shelf, repository) }
      })
  )

const deleteRepository = (shelf: EcrShelf) =>
  operation(
    "DeleteRepository",
    Schema.Struct({ repositoryName: Schema.String, force: Schema.optionalKey(Schema.Boolean) }),
    (input) =>
      Effect.gen(function* () {
        const repository = yield* repositoryOf(shelf, input.repositoryName)
        const isIn = (row: { readonly repository: string }): boolean => row.repository === repository.name
        const manifests = shelf.manifests.all().filter(isIn)
        if (manifests.length > 0 && input.force !== true)
          return yield* awsFault(
            "RepositoryNotEmptyException",
            `The repository with name '${repository.name}' in registry with id '${shelf.world.account}' cannot be deleted because it still contains images`
          )
        for (const manifest of manifests) shelf.manifests.delete(`${manifest.repository}@${manifest.digest}`)
        for (const layer of shelf.layers.all().filter(isIn)) shelf.layers.delete(`${layer.repository}@${layer.digest}`)
        shelf.repositories.delete(repository.name)
        dropTags(shelf.world, repositoryArn(shelf.world, repository.name))
        return { repository: shown(shelf, repository) }
      })
  )

const describeRepositories = (shelf: EcrShelf) =>
  operation(
    "DescribeRepositories",
    Schema.Struct({
      repositoryNames: Schema.optionalKey(Schema.Array(Schema.String)),
      nextToken: text,
      maxResults: Schema.optionalKey(Schema.Number)
    }),
    (input, call) =>
      Effect.gen(function* () {
        const all = shelf.repositories.all(call.view.asOf)
        const missing = input.repositoryNames?.find((name) => !all.some((repository) => repository.name === name))
        if (missing !== undefined) return yield* noRepository(shelf.world, missing)
        const wanted = all.filter((repository) => input.repositoryNames?.includes(repository.name) ?? true)
        const page = pageOf(
          wanted,
          (repository) => repository.name,
          { limit: input.maxResults ?? 100, token: input.nextToken },
          call.view
        )
        if (page === undefined) return yield* awsFault("InvalidParameterException", "Invalid next token")
        return {
          repositories: page.items.map((repository) => shown(shelf, repository)),
          ...(page.next === undefined ? {} : { nextToken: page.next })
        }
      })
  )

const nameOfArn = (arn: string): string => arn.split(":repository/")[1] ?? ""

const tagOperations = (shelf: EcrShelf) => [
  operation("TagResource", Schema.Struct({ resourceArn: Schema.String, tags: TagList }), (input) =>
    Effect.map(repositoryOf(shelf, nameOfArn(input.resourceArn)), () => {
      addTags(shelf.world, input.resourceArn, mapOf(input.tags))
      return {}
    })
  ),
  operation(
    "UntagResource",
    Schema.Struct({ resourceArn: Schema.String, tagKeys: Schema.Array(Schema.String) }),
    (input) =>
      Effect.map(repositoryOf(shelf, nameOfArn(input.resourceArn)), () => {
        dropTags(shelf.world, input.resourceArn, input.tagKeys)
        return {}
      })
  ),
  operation("ListTagsForResource", Schema.Struct({ resourceArn: Schema.String }), (input, call) =>
    Effect.map(repositoryOf(shelf, nameOfArn(input.resourceArn)), () => ({
      tags: Object.entries(tagsOf(shelf.world, input.resourceArn, call.view.asOf)).map(([Key, Value]) => ({
        Key,
        Value
      }))
    }))
  )
]

type PolicyKind = "lifecyclePolicy" | "policy"

const policyOperations = (
  shelf: EcrShelf,
  words: { readonly kind: PolicyKind; readonly put: string; readonly get: string; readonly drop: string },
  missing: { readonly code: string; readonly member: string }
) => {
  const answer = (repository: RepositoryRecord) => ({
    registryId: shelf.world.account,
    repositoryName: repository.name,
    [missing.member]: repository[words.kind]
  })
  const present = (name: string): Effect.Effect<RepositoryRecord, AwsFault> =>
    Effect.flatMap(repositoryOf(shelf, name), (repository) =>
      repository[words.kind] === undefined
        ? Effect.fail(
            awsFault(
              missing.code,
              `${words.kind === "policy" ? "Repository" : "Lifecycle"} policy does not exist for the repository with name '${name}' in the registry with id '${shelf.world.account}'`
            )
          )
        : Effect.succeed(repository)
    )
  const Named = Schema.Struct({ repositoryName: Schema.String })
  return [
    operation(
      words.put,
      Schema.Struct({ repositoryName: Schema.String, lifecyclePolicyText: text, policyText: text }),
      (input) =>
        Effect.map(repositoryOf(shelf, input.repositoryName), (repository) =>
          answer(
            shelf.repositories.put(repository.name, {
              ...repository,
              [words.kind]: input.lifecyclePolicyText ?? input.policyText ?? ""
            })
          )
        )
    ),
    operation(words.get, Named, (input) => Effect.map(present(input.repositoryName), answer)),
    operation(words.drop, Named, (input) =>
      Effect.map(present(input.repositoryName), (repository) => {
        const { [words.kind]: _, ...rest } = repository
        shelf.repositories.put(repository.name, rest)
        return answer(repository)
      })
    )
  ]
}

/** ECR's API. */
export const ecrOperations = (shelf: EcrShelf) => [
  createRepository(shelf),
  deleteRepository(shelf),
  describeRepositories(shelf),
  operation("GetAuthorizationToken", Schema.Struct({}), () =>
    Effect.sync(() => {
      const { password, expiresAt } = newPassword(shelf.world)
      return {
        authorizationData: [
          {
            authorizationToken: Buffer.from(`AWS:${password}`).toString("base64"),
            expiresAt: expiresAt / 1000,
            proxyEndpoint: `http://${shelf.world.endpoint()}`
          }
        ]
      }
    })
  ),
  ...policyOperations(
    shelf,
    { kind: "lifecyclePolicy", put: "PutLifecyclePolicy", get: "GetLifecyclePolicy", drop: "DeleteLifecyclePolicy" },
    { code: "LifecyclePolicyNotFoundException", member: "lifecyclePolicyText" }
  ),
  ...policyOperations(
    shelf,
    { kind: "policy", put: "SetRepositoryPolicy", get: "GetRepositoryPolicy", drop: "DeleteRepositoryPolicy" },
    { code: "RepositoryPolicyNotFoundException", member: "policyText" }
  ),
  ...tagOperations(shelf),
  ...imageOperations(shelf)
]
