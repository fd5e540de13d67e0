import {
  createHook,
  deleteHook,
  type Delivery,
  findHook,
  findOrganization,
  findRepository,
  fullName,
  type Hook,
  type HookFields,
  type HookPlace,
  hooksOf,
  notFound,
  redeliver,
  requireAdmin,
  requireOwner
} from "@sockerless/bleephub-core"
import { enqueue, updateHook } from "@sockerless/bleephub-core"
import { isoTime, isoTimeOrNull } from "../accounts/render.ts"
import { type Call, operation, Reply } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"

const repositoryPlace = (call: Call<OperationId>, path: { readonly owner: string; readonly repo: string }) => {
  const repository = findRepository(call.hub, call.viewer, path)
  requireAdmin(call.hub, call.viewer, repository)
  const place: HookPlace = { repositoryId: repository.id, organizationId: null }
  return { place, url: `${call.urls.api}/repos/${fullName(call.hub, repository)}/hooks` }
}

const organizationPlace = (call: Call<OperationId>, org: string) => {
  const organization = findOrganization(call.hub, org)
  requireOwner(call.hub, call.viewer, organization)
  const place: HookPlace = { repositoryId: null, organizationId: organization.id }
  return { place, url: `${call.urls.api}/orgs/${organization.login}/hooks` }
}

const configOf = (hook: Hook) => ({
  url: hook.url,
  content_type: hook.contentType,
  insecure_ssl: hook.insecure ? "1" : "0",
  ...(hook.secret !== null && { secret: "********" })
})

const shared = (hook: Hook, url: string) => ({
  id: hook.id,
  name: "web",
  active: hook.active,
  events: [...hook.events],
  config: configOf(hook),
  updated_at: isoTime(hook.updatedAt),
  created_at: isoTime(hook.createdAt),
  url: `${url}/${hook.id}`,
  ping_url: `${url}/${hook.id}/pings`,
  deliveries_url: `${url}/${hook.id}/deliveries`
})

const lastResponse = (call: Call<OperationId>, hook: Hook) => {
  const last = call.hub.tables.deliveries.where("hook", hook.id).findLast((one) => one.state === "done")
  if (last === undefined) return { code: null, status: "unused", message: null }
  return { code: last.status, status: last.status < 400 ? "active" : "misconfigured", message: last.reason }
}

const repositoryHook = (call: Call<OperationId>, hook: Hook, url: string) => ({
  ...shared(hook, url),
  type: "Repository",
  test_url: `${url}/${hook.id}/tests`,
  last_response: lastResponse(call, hook)
})

const organizationHook = (hook: Hook, url: string) => ({
  ...shared(hook, url),
  type: "Organization"
})

interface HookBody {
  readonly active?: boolean
  readonly events?: ReadonlyArray<string>
  readonly config?: {
    readonly url?: string
    readonly content_type?: string
    readonly secret?: string
    readonly insecure_ssl?: string | number
  }
}

const fieldsOf = (body: HookBody | null | undefined): HookFields => ({
  active: body?.active,
  events: body?.events,
  url: body?.config?.url,
  contentType: body?.config?.content_type,
  secret: body?.config?.secret,
  insecure: body?.config?.insecure_ssl === undefined ? undefined : String(body.config.insecure_ssl) === "1"
})

const deliveryItem = (delivery: Delivery, hook: Hook) => ({
  id: delivery.id,
  guid: delivery.guid,
  delivered_at: isoTime(delivery.deliveredAt ?? delivery.createdAt),
  redelivery: delivery.redelivery,
  duration: delivery.durationSeconds,
  status: delivery.reason,
  status_code: delivery.status,
  event: delivery.event,
  action: delivery.action,
  installation_id: null,
  repository_id: hook.repositoryId,
  throttled_at: isoTimeOrNull(null)
})

const fullDelivery = (delivery: Delivery, hook: Hook) => ({
  ...deliveryItem(delivery, hook),
  url: hook.url,
  request: { headers: { ...delivery.requestHeaders }, payload: { ...delivery.payload } },
  response: { headers: { ...delivery.responseHeaders }, payload: delivery.responseBody }
})

const findDelivery = (call: Call<OperationId>, hook: Hook, id: number): Delivery => {
  const delivery = call.hub.tables.deliveries.get(id)
  if (delivery?.hookId !== hook.id) throw notFound()
  return delivery
}

const doneOf = (call: Call<OperationId>, hook: Hook): ReadonlyArray<Delivery> =>
  call.hub.tables.deliveries
    .where("hook", hook.id)
    .filter((one) => one.state === "done")
    .toReversed()

const ping = (call: Call<OperationId>, hook: Hook) =>
  call.hub.change(() => enqueue(call.hub, hook, "ping", null, { zen: "Keep it logically awesome.", hook_id: hook.id }))

const repositoryHookOperations = [
  operation("repos/list-webhooks", (call) => {
    const { place, url } = repositoryPlace(call, call.path)
    return call.page(hooksOf(call.hub, place), (hook) => repositoryHook(call, hook, url))
  }),
  operation("repos/create-webhook", async (call) => {
    const { place, url } = repositoryPlace(call, call.path)
    return repositoryHook(call, await call.hub.change(() => createHook(call.hub, place, fieldsOf(call.body))), url)
  }),
  operation("repos/get-webhook", (call) => {
    const { place, url } = repositoryPlace(call, call.path)
    return repositoryHook(call, findHook(call.hub, place, call.path.hook_id), url)
  }),
  operation("repos/update-webhook", async (call) => {
    const { place, url } = repositoryPlace(call, call.path)
    const hook = findHook(call.hub, place, call.path.hook_id)
    const { add_events: more = [], remove_events: less = [], ...body } = call.body
    const events = body.events ?? [...new Set([...hook.events, ...more])].filter((event) => !less.includes(event))
    const change = fieldsOf({ ...body, events })
    return repositoryHook(call, await call.hub.change(() => updateHook(call.hub, hook, change)), url)
  }),
  operation("repos/delete-webhook", async (call) => {
    const hook = findHook(call.hub, repositoryPlace(call, call.path).place, call.path.hook_id)
    await call.hub.change(() => deleteHook(call.hub, hook))
  }),
  operation("repos/ping-webhook", async (call) => {
    await ping(call, findHook(call.hub, repositoryPlace(call, call.path).place, call.path.hook_id))
  }),
  operation("repos/list-webhook-deliveries", (call) => {
    const hook = findHook(call.hub, repositoryPlace(call, call.path).place, call.path.hook_id)
    return call.page(doneOf(call, hook), (delivery) => deliveryItem(delivery, hook))
  }),
  operation("repos/get-webhook-delivery", (call) => {
    const hook = findHook(call.hub, repositoryPlace(call, call.path).place, call.path.hook_id)
    return fullDelivery(findDelivery(call, hook, call.path.delivery_id), hook)
  }),
  operation("repos/redeliver-webhook-delivery", async (call) => {
    const hook = findHook(call.hub, repositoryPlace(call, call.path).place, call.path.hook_id)
    const delivery = findDelivery(call, hook, call.path.delivery_id)
    await call.hub.change(() => redeliver(call.hub, delivery))
    return new Reply(202, {})
  })
]

const organizationHookOperations = [
  operation("orgs/list-webhooks", (call) => {
    const { place, url } = organizationPlace(call, call.path.org)
    return call.page(hooksOf(call.hub, place), (hook) => organizationHook(hook, url))
  }),
  operation("orgs/create-webhook", async (call) => {
    const { place, url } = organizationPlace(call, call.path.org)
    return organizationHook(await call.hub.change(() => createHook(call.hub, place, fieldsOf(call.body))), url)
  }),
  operation("orgs/get-webhook", (call) => {
    const { place, url } = organizationPlace(call, call.path.org)
    return organizationHook(findHook(call.hub, place, call.path.hook_id), url)
  }),
  operation("orgs/delete-webhook", async (call) => {
    const hook = findHook(call.hub, organizationPlace(call, call.path.org).place, call.path.hook_id)
    await call.hub.change(() => deleteHook(call.hub, hook))
  })
]

/** Webhooks and the log of their deliveries. */
export const hookOperations = [...repositoryHookOperations, ...organizationHookOperations]
