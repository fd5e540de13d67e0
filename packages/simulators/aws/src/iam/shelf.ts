import type { Table } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import type { World } from "../world.ts"

const RoleRecord = Schema.Struct({
  name: Schema.String,
  path: Schema.String,
  trust: Schema.String,
  description: Schema.optionalKey(Schema.String),
  maximumSeconds: Schema.Number,
  createdAt: Schema.Number,
  attached: Schema.Array(Schema.String),
  inline: Schema.Record(Schema.String, Schema.String)
})
export type RoleRecord = typeof RoleRecord.Type

const PolicyRecord = Schema.Struct({
  name: Schema.String,
  path: Schema.String,
  document: Schema.String,
  description: Schema.optionalKey(Schema.String),
  createdAt: Schema.Number
})
export type PolicyRecord = typeof PolicyRecord.Type

/** What every operation of IAM works with. Policies are kept and given back; nobody is refused by them. */
export interface IamShelf {
  readonly world: World
  readonly roles: Table<RoleRecord>
  readonly policies: Table<PolicyRecord>
}

/** Opens what IAM held before. */
export const openIam = Effect.fnUntraced(function* (world: World) {
  const { book } = world.simulation
  const shelf: IamShelf = {
    world,
    roles: yield* book.table("iam/roles", RoleRecord),
    policies: yield* book.table("iam/policies", PolicyRecord)
  }
  return shelf
})

/** An ARN of IAM, which knows no region. */
export const iamArn = (world: World, rest: string): string => `arn:aws:iam::${world.account}:${rest}`

/** An id in IAM's form, the same for the same name. */
export const iamId = (prefix: string, name: string): string =>
  `${prefix}${createHash("sha256").update(name).digest("hex").slice(0, 17).toUpperCase()}`

export const roleArn = (world: World, role: Pick<RoleRecord, "name" | "path">): string =>
  iamArn(world, `role${role.path}${role.name}`)

export const missing = (text: string): AwsFault => awsFault("NoSuchEntity", text, { status: 404 })

export const roleOf = (shelf: IamShelf, name: string): Effect.Effect<RoleRecord, AwsFault> => {
  const found = shelf.roles.get(name)
  return found === undefined
    ? Effect.fail(missing(`The role with name ${name} cannot be found.`))
    : Effect.succeed(found)
}
