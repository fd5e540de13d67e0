import { generateKeyPairSync } from "node:crypto"
import { Conflict, notFound, unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Scope, SealingKey, Secret, Variable } from "./rows.ts"

const NAME = /^(?!GITHUB_)[A-Z_][A-Z0-9_]*$/

/** A name as GitHub keeps it, in capitals; one it does not take is its 422. */
export const secretName = (name: string): string => {
  const upper = name.toUpperCase()
  if (NAME.test(upper)) return upper
  throw unprocessable(
    "Name is invalid: it may contain only letters, digits and underscores, not begin with a digit, and not with GITHUB_."
  )
}

const jwkBytes = (text: string | undefined): string => Buffer.from(text ?? "", "base64url").toString("base64")

/** The key that secrets of a scope are sealed for, made when first asked for. */
export const sealingKey = async (hub: Hub, scope: Scope): Promise<SealingKey> => {
  const known = hub.tables.sealingKeys.by("scope", scope)
  if (known !== undefined) return known
  const pair = generateKeyPairSync("x25519")
  const { x, d } = pair.privateKey.export({ format: "jwk" })
  return hub.change(
    () =>
      hub.tables.sealingKeys.by("scope", scope) ??
      hub.tables.sealingKeys.insert({ scope, publicKey: jwkBytes(x), privateKey: jwkBytes(d) })
  )
}

export interface SecretInput {
  readonly sealed: string | undefined
  readonly keyId: string | undefined
  readonly visibility?: Secret["visibility"] | undefined
  readonly repositoryIds?: ReadonlyArray<number> | undefined
}

/** Keeps a secret under a name, new or in place of another; says whether it is new. Part of a change. */
export const putSecret = (
  hub: Hub,
  app: Secret["app"],
  scope: Scope,
  name: string,
  input: SecretInput
): { readonly created: boolean } => {
  const upper = secretName(name)
  const key = hub.tables.sealingKeys.by("scope", scope)
  if (input.sealed === undefined || input.keyId !== String(key?.id)) {
    throw unprocessable("Validation Failed", "The public key id of the secret is not current.")
  }
  const now = hub.now()
  const known = hub.tables.secrets.by("name", `${app} ${scope} ${upper}`)
  const fields = { sealed: input.sealed, updatedAt: now }
  if (known !== undefined) {
    hub.tables.secrets.update(known.id, {
      ...fields,
      visibility: input.visibility ?? known.visibility,
      repositoryIds: input.repositoryIds ?? known.repositoryIds
    })
    return { created: false }
  }
  hub.tables.secrets.insert({
    ...fields,
    scope,
    app,
    name: upper,
    visibility: input.visibility ?? "private",
    repositoryIds: input.repositoryIds ?? [],
    createdAt: now
  })
  return { created: true }
}

/** The secret of a name, or 404. */
export const findSecret = (hub: Hub, app: Secret["app"], scope: Scope, name: string): Secret => {
  const found = hub.tables.secrets.by("name", `${app} ${scope} ${name.toUpperCase()}`)
  if (found === undefined) throw notFound()
  return found
}

export type VariableInput = Partial<Pick<Variable, "value" | "visibility" | "repositoryIds">>

/** Makes a variable; a name that is taken is a conflict. Part of a change. */
export const createVariable = (hub: Hub, scope: Scope, name: string, input: VariableInput): Variable => {
  const upper = secretName(name)
  if (hub.tables.variables.by("name", `${scope} ${upper}`) !== undefined) {
    throw new Conflict({ reason: `Already exists - Variable already exists` })
  }
  const now = hub.now()
  return hub.tables.variables.insert({
    scope,
    name: upper,
    value: input.value ?? "",
    visibility: input.visibility ?? "private",
    repositoryIds: input.repositoryIds ?? [],
    createdAt: now,
    updatedAt: now
  })
}

/** The variable of a name, or 404. */
export const findVariable = (hub: Hub, scope: Scope, name: string): Variable => {
  const found = hub.tables.variables.by("name", `${scope} ${name.toUpperCase()}`)
  if (found === undefined) throw notFound()
  return found
}

/** Changes a variable, its name too. Part of a change. */
export const updateVariable = (
  hub: Hub,
  variable: Variable,
  change: VariableInput & { readonly name?: string | undefined }
): Variable => {
  const name = change.name === undefined ? variable.name : secretName(change.name)
  const taken = hub.tables.variables.by("name", `${variable.scope} ${name}`)
  if (taken !== undefined && taken.id !== variable.id) throw new Conflict({ reason: "Variable already exists" })
  return hub.tables.variables.update(variable.id, {
    name,
    value: change.value ?? variable.value,
    visibility: change.visibility ?? variable.visibility,
    repositoryIds: change.repositoryIds ?? variable.repositoryIds,
    updatedAt: hub.now()
  })
}
