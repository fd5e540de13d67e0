import {
  createVariable,
  findOrganization,
  findSecret,
  findVariable,
  putSecret,
  requireOwner,
  sealingKey,
  type Secret,
  updateVariable,
  type Variable
} from "@sockerless/bleephub-core"
import { minimalRepository } from "../repositories/render.ts"
import { type Call, operation, Reply } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { secretJson, variableJson } from "./repository-operations.ts"

const scopeOf = (call: Call<OperationId>, org: string): string => {
  const organization = findOrganization(call.hub, org)
  requireOwner(call.hub, call.viewer, organization)
  return `organization ${organization.id}`
}

const selectedUrl = (call: Call<OperationId>, org: string, kind: string, name: string): string =>
  `${call.urls.api}/orgs/${org}/actions/${kind}/${name}/repositories`

const orgSecret = (call: Call<OperationId>, org: string, secret: Secret) => ({
  ...secretJson(secret),
  visibility: secret.visibility,
  ...(secret.visibility === "selected" && {
    selected_repositories_url: selectedUrl(call, org, "secrets", secret.name)
  })
})

const orgVariable = (call: Call<OperationId>, org: string, variable: Variable) => ({
  ...variableJson(variable),
  visibility: variable.visibility,
  ...(variable.visibility === "selected" && {
    selected_repositories_url: selectedUrl(call, org, "variables", variable.name)
  })
})

const repositoriesOfIds = (call: Call<OperationId>, ids: ReadonlyArray<number>) =>
  ids.map((id) => call.hub.tables.repositories.get(id)).filter((one) => one !== undefined)

/** Secrets and variables of organizations. */
export const organizationSecretOperations = [
  operation("actions/get-org-public-key", async (call) => {
    const key = await sealingKey(call.hub, scopeOf(call, call.path.org))
    return { key_id: String(key.id), key: key.publicKey }
  }),
  operation("actions/list-org-secrets", (call) => {
    const secrets = call.hub.tables.secrets.where("scope", `actions ${scopeOf(call, call.path.org)}`)
    return { total_count: secrets.length, secrets: call.page(secrets, (one) => orgSecret(call, call.path.org, one)) }
  }),
  operation("actions/get-org-secret", (call) =>
    orgSecret(call, call.path.org, findSecret(call.hub, "actions", scopeOf(call, call.path.org), call.path.secret_name))
  ),
  operation("actions/create-or-update-org-secret", async (call) => {
    const scope = scopeOf(call, call.path.org)
    const { encrypted_value: sealed, key_id: keyId, visibility, selected_repository_ids: ids } = call.body
    const input = { sealed, keyId, visibility, repositoryIds: ids?.map(Number) }
    const { created } = await call.hub.change(() => putSecret(call.hub, "actions", scope, call.path.secret_name, input))
    return created ? new Reply(201, {}) : undefined
  }),
  operation("actions/delete-org-secret", async (call) => {
    const secret = findSecret(call.hub, "actions", scopeOf(call, call.path.org), call.path.secret_name)
    await call.hub.change(() => call.hub.tables.secrets.remove(secret.id))
  }),
  operation("actions/list-selected-repos-for-org-secret", (call) => {
    const secret = findSecret(call.hub, "actions", scopeOf(call, call.path.org), call.path.secret_name)
    const all = repositoriesOfIds(call, secret.repositoryIds)
    return { total_count: all.length, repositories: call.page(all, (one) => minimalRepository(call, one)) }
  }),
  operation("actions/list-org-variables", (call) => {
    const variables = call.hub.tables.variables.where("scope", scopeOf(call, call.path.org))
    return {
      total_count: variables.length,
      variables: call.page(variables, (one) => orgVariable(call, call.path.org, one))
    }
  }),
  operation("actions/get-org-variable", (call) =>
    orgVariable(call, call.path.org, findVariable(call.hub, scopeOf(call, call.path.org), call.path.name))
  ),
  operation("actions/create-org-variable", async (call) => {
    const scope = scopeOf(call, call.path.org)
    const { name, value, visibility, selected_repository_ids: repositoryIds = [] } = call.body
    await call.hub.change(() => createVariable(call.hub, scope, name, { value, visibility, repositoryIds }))
    return new Reply(201, {})
  }),
  operation("actions/update-org-variable", async (call) => {
    const variable = findVariable(call.hub, scopeOf(call, call.path.org), call.path.name)
    const { name, value, visibility, selected_repository_ids: repositoryIds } = call.body
    await call.hub.change(() =>
      updateVariable(call.hub, variable, {
        name,
        ...(value !== undefined && { value }),
        ...(visibility !== undefined && { visibility }),
        ...(repositoryIds !== undefined && { repositoryIds })
      })
    )
  }),
  operation("actions/delete-org-variable", async (call) => {
    const variable = findVariable(call.hub, scopeOf(call, call.path.org), call.path.name)
    await call.hub.change(() => call.hub.tables.variables.remove(variable.id))
  })
]
