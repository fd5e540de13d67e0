import type { JsonValue } from "@sockerless/store"
import type { Account } from "../accounts/rows.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"

export interface Happening {
  /** GitHub's name of the webhook event. */
  readonly event: string
  readonly action?: string
  readonly actor: Account
  readonly repository?: Repository
  readonly organization?: Account
  readonly detail?: { readonly [field: string]: JsonValue }
}

/** Writes an event into the outbox, in the same commit as what happened. Part of a change. */
export const emit = (hub: Hub, happening: Happening): void => {
  hub.tables.outbox.insert({
    event: happening.event,
    action: happening.action ?? null,
    repositoryId: happening.repository?.id ?? null,
    organizationId: happening.organization?.id ?? null,
    actorId: happening.actor.id,
    detail: happening.detail ?? {},
    createdAt: hub.now()
  })
}
