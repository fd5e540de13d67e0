import { randomUUID } from "node:crypto"
import type { JsonValue } from "@sockerless/store"
import { invalid, notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Delivery, Hook } from "./rows.ts"

export interface HookFields {
  readonly active?: boolean | undefined
  readonly events?: ReadonlyArray<string> | undefined
  readonly url?: string | undefined
  readonly contentType?: string | undefined
  readonly secret?: string | undefined
  readonly insecure?: boolean | undefined
}

/** What a hook belongs to. */
export type HookPlace = Pick<Hook, "repositoryId" | "organizationId">

/** The hooks of a place, in order of creation. */
export const hooksOf = (hub: Hub, place: HookPlace): ReadonlyArray<Hook> =>
  place.repositoryId === null
    ? hub.tables.hooks.where("organization", place.organizationId)
    : hub.tables.hooks.where("repository", place.repositoryId)

/** The hook of an id in a place, or 404. */
export const findHook = (hub: Hub, place: HookPlace, id: number): Hook => {
  const hook = hub.tables.hooks.get(id)
  if (hook?.repositoryId !== place.repositoryId || hook.organizationId !== place.organizationId) throw notFound()
  return hook
}

const checkUrl = (url: string | undefined): string => {
  if (url === undefined || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw invalid({ resource: "Hook", field: "url", code: "custom", message: "Config must contain a URL" })
  }
  return url
}

/** Makes a hook and leaves a ping for it. Part of a change. */
export const createHook = (hub: Hub, place: HookPlace, input: HookFields): Hook => {
  const url = checkUrl(input.url)
  const events = [...new Set(input.events ?? ["push"])]
  const twin = hooksOf(hub, place).find((one) => one.url === url && one.events.join() === events.join())
  if (twin !== undefined) {
    throw invalid({ resource: "Hook", field: "url", code: "custom", message: "Hook already exists on this repository" })
  }
  const now = hub.now()
  const hook = hub.tables.hooks.insert({
    ...place,
    active: input.active ?? true,
    events,
    url,
    contentType: input.contentType === "json" ? "json" : "form",
    secret: input.secret ?? null,
    insecure: input.insecure ?? false,
    createdAt: now,
    updatedAt: now
  })
  if (hook.active) enqueue(hub, hook, "ping", null, { zen: "Keep it logically awesome.", hook_id: hook.id })
  return hook
}

/** Changes a hook. Part of a change. */
export const updateHook = (hub: Hub, hook: Hook, change: HookFields): Hook =>
  hub.tables.hooks.update(hook.id, {
    active: change.active ?? hook.active,
    events: change.events ?? hook.events,
    url: change.url === undefined ? hook.url : checkUrl(change.url),
    contentType: change.contentType === undefined ? hook.contentType : change.contentType === "json" ? "json" : "form",
    secret: change.secret ?? hook.secret,
    insecure: change.insecure ?? hook.insecure,
    updatedAt: hub.now()
  })

/** Removes a hook with the log of its deliveries. Part of a change. */
export const deleteHook = (hub: Hub, hook: Hook): void => {
  for (const delivery of hub.tables.deliveries.where("hook", hook.id)) hub.tables.deliveries.remove(delivery.id)
  hub.tables.hooks.remove(hook.id)
}

/** Leaves something to be delivered; the dispatcher finds it. Part of a change. */
export const enqueue = (
  hub: Hub,
  hook: Hook,
  event: string,
  action: string | null,
  payload: { readonly [field: string]: JsonValue }
): Delivery =>
  hub.tables.deliveries.insert({
    hookId: hook.id,
    guid: randomUUID(),
    event,
    action,
    payload,
    redelivery: false,
    state: "waiting",
    status: 0,
    reason: "",
    requestHeaders: {},
    responseHeaders: {},
    responseBody: "",
    durationSeconds: 0,
    createdAt: hub.now(),
    deliveredAt: null
  })

/** Leaves the same once more, under the same guid. Part of a change. */
export const redeliver = (hub: Hub, delivery: Delivery): Delivery => {
  const { id: _, ...again } = delivery
  return hub.tables.deliveries.insert({
    ...again,
    redelivery: true,
    state: "waiting",
    status: 0,
    reason: "",
    createdAt: hub.now(),
    deliveredAt: null
  })
}
