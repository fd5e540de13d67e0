import type { JsonValue } from "@sockerless/store"
import { table } from "../database/table.ts"

/** Something happened; written in the commit of what happened and removed when everybody has been told. */
export type OutboxEvent = {
  readonly id: number
  /** GitHub's name of the webhook event, as in `issues`. */
  readonly event: string
  readonly action: string | null
  readonly repositoryId: number | null
  readonly organizationId: number | null
  readonly actorId: number
  /** Ids and facts from which the payload is made. */
  readonly detail: { readonly [field: string]: JsonValue }
  readonly createdAt: number
}

export const eventTables = {
  outbox: table<OutboxEvent>()("outbox", {})
}
