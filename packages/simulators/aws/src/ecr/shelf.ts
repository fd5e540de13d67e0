import type { Table } from "@sockerless/simulator-kit"
import { Effect } from "effect"
import { join } from "node:path"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import type { World } from "../world.ts"
import { BlobFiles } from "./blob-files.ts"
import { LayerRecord, ManifestRecord, RepositoryRecord } from "./records.ts"

/** What the API and the distribution protocol of ECR work with. */
export interface EcrShelf {
  readonly world: World
  readonly repositories: Table<RepositoryRecord>
  readonly manifests: Table<ManifestRecord>
  readonly layers: Table<typeof LayerRecord.Type>
  readonly files: BlobFiles
}

/** Opens what ECR held before. */
export const openEcr = Effect.fnUntraced(function* (world: World) {
  const { book } = world.simulation
  const shelf: EcrShelf = {
    world,
    repositories: yield* book.table("ecr/repositories", RepositoryRecord),
    manifests: yield* book.table("ecr/manifests", ManifestRecord),
    layers: yield* book.table("ecr/layers", LayerRecord),
    files: new BlobFiles(join(world.dataRoot, "ecr"))
  }
  return shelf
})

export const repositoryArn = (world: World, name: string): string => world.arn("ecr", `repository/${name}`)

/** The repository as references name it: at the simulator itself, where clients can reach it. */
export const repositoryUri = (world: World, name: string): string => `${world.endpoint()}/${name}`

export const noRepository = (world: World, name: string): AwsFault =>
  awsFault(
    "RepositoryNotFoundException",
    `The repository with name '${name}' does not exist in the registry with id '${world.account}'`
  )

export const repositoryOf = (shelf: EcrShelf, name: string): Effect.Effect<RepositoryRecord, AwsFault> => {
  const repository = shelf.repositories.get(name)
  return repository === undefined ? Effect.fail(noRepository(shelf.world, name)) : Effect.succeed(repository)
}

/** A manifest by tag or digest. */
export const findManifest = (shelf: EcrShelf, repository: string, reference: string): ManifestRecord | undefined =>
  shelf.manifests
    .all()
    .find(
      (manifest) =>
        manifest.repository === repository && (manifest.digest === reference || manifest.tags.includes(reference))
    )

const TOKEN_MILLIS = 12 * 3600 * 1000

/** The password of the registry: an expiry that only this simulator can have signed. */
const registryPassword = (world: World, expiresAt: number): string =>
  `${expiresAt}.${world.sign("ecr", String(expiresAt))}`

/** A fresh password and when it ends. */
export const newPassword = (world: World): { readonly password: string; readonly expiresAt: number } => {
  const expiresAt = world.simulation.clock.now() + TOKEN_MILLIS
  return { password: registryPassword(world, expiresAt), expiresAt }
}

/** Whether an `Authorization: Basic` header holds a password that is still good. */
export const isAuthorized = (world: World, header: string): boolean => {
  const [user, password = ""] = Buffer.from(header.replace(/^Basic /i, ""), "base64")
    .toString()
    .split(":")
  const expiresAt = Number(password.split(".")[0])
  return user === "AWS" && password === registryPassword(world, expiresAt) && expiresAt > world.simulation.clock.now()
}
