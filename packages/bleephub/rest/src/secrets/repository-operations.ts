import {
  createVariable,
  findRepository,
  findSecret,
  findVariable,
  putSecret,
  type Repository,
  requireRole,
  sealingKey,
  type Secret,
  updateVariable,
  type Variable
} from "@sockerless/bleephub-core"
import { isoTime } from "../accounts/render.ts"
import { type Call, operation, Reply } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"

/** A secret as it is listed: never what it holds. */
export const secretJson = (secret: Secret) => ({
  name: secret.name,
  created_at: isoTime(secret.createdAt),
  updated_at: isoTime(secret.updatedAt)
})

/** A variable. */
export const variableJson = (variable: Variable) => ({
  name: variable.name,
  value: variable.value,
  created_at: isoTime(variable.createdAt),
  updated_at: isoTime(variable.updatedAt)
})

const place = (
  call: Call<OperationId>,
  path: { readonly owner: string; readonly repo: string }
): { readonly repository: Repository; readonly scope: string } => {
  const repository = findRepository(call.hub, call.viewer, path)
  requireRole(call.hub, call.viewer, repository, { role: "write", archivedToo: true })
  return { repository, scope: `repository ${repository.id}` }
}

const secretOperations = [
  operation("actions/get-repo-public-key", async (call) => {
    const key = await sealingKey(call.hub, place(call, call.path).scope)
    return { key_id: String(key.id), key: key.publicKey }
  }),
  operation("actions/list-repo-secrets", (call) => {
    const secrets = call.hub.tables.secrets.where("scope", `actions ${place(call, call.path).scope}`)
    return { total_count: secrets.length, secrets: call.page(secrets, secretJson) }
  }),
  operation("actions/get-repo-secret", (call) =>
    secretJson(findSecret(call.hub, "actions", place(call, call.path).scope, call.path.secret_name))
  ),
  operation("actions/create-or-update-repo-secret", async (call) => {
    const { scope } = place(call, call.path)
    const input = { sealed: call.body.encrypted_value, keyId: call.body.key_id }
    const { created } = await call.hub.change(() => putSecret(call.hub, "actions", scope, call.path.secret_name, input))
    return created ? new Reply(201, {}) : undefined
  }),
  operation("actions/delete-repo-secret", async (call) => {
    const secret = findSecret(call.hub, "actions", place(call, call.path).scope, call.path.secret_name)
    await call.hub.change(() => call.hub.tables.secrets.remove(secret.id))
  }),
  operation("dependabot/get-repo-public-key", async (call) => {
    const key = await sealingKey(call.hub, place(call, call.path).scope)
    return { key_id: String(key.id), key: key.publicKey }
  }),
  operation("dependabot/list-repo-secrets", (call) => {
    const secrets = call.hub.tables.secrets.where("scope", `dependabot ${place(call, call.path).scope}`)
    return { total_count: secrets.length, secrets: call.page(secrets, secretJson) }
  }),
  operation("dependabot/create-or-update-repo-secret", async (call) => {
    const { scope } = place(call, call.path)
    const input = { sealed: call.body.encrypted_value, keyId: call.body.key_id }
    const { created } = await call.hub.change(() =>
      putSecret(call.hub, "dependabot", scope, call.path.secret_name, input)
    )
    return created ? new Reply(201, {}) : undefined
  }),
  operation("dependabot/delete-repo-secret", async (call) => {
    const secret = findSecret(call.hub, "dependabot", place(call, call.path).scope, call.path.secret_name)
    await call.hub.change(() => call.hub.tables.secrets.remove(secret.id))
  })
]

const variableOperations = [
  operation("actions/list-repo-variables", (call) => {
    const variables = call.hub.tables.variables.where("scope", place(call, call.path).scope)
    return { total_count: variables.length, variables: call.page(variables, variableJson) }
  }),
  operation("actions/get-repo-variable", (call) =>
    variableJson(findVariable(call.hub, place(call, call.path).scope, call.path.name))
  ),
  operation("actions/create-repo-variable", async (call) => {
    const { scope } = place(call, call.path)
    const { name, value } = call.body
    await call.hub.change(() => createVariable(call.hub, scope, name, { value }))
    return new Reply(201, {})
  }),
  operation("actions/update-repo-variable", async (call) => {
    const variable = findVariable(call.hub, place(call, call.path).scope, call.path.name)
    const { name, value } = call.body
    await call.hub.change(() => updateVariable(call.hub, variable, { name, ...(value !== undefined && { value }) }))
  }),
  operation("actions/delete-repo-variable", async (call) => {
    const variable = findVariable(call.hub, place(call, call.path).scope, call.path.name)
    await call.hub.change(() => call.hub.tables.variables.remove(variable.id))
  })
]

/** Secrets and variables of repositories. */
export const repositorySecretOperations = [...secretOperations, ...variableOperations]
