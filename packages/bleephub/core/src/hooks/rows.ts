import type { JsonValue } from "@sockerless/store"
import { table } from "../database/table.ts"

export type Hook = {
  readonly id: number
  /** Of a repository or of an organization, the other being null. */
  readonly repositoryId: number | null
  readonly organizationId: number | null
  readonly active: boolean
  readonly events: ReadonlyArray<string>
  readonly url: string
  readonly contentType: "json" | "form"
  readonly secret: string | null
  readonly insecure: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

/** One attempt to tell somebody of an event. Its guid stays the same when it is tried again after a crash. */
export type Delivery = {
  readonly id: number
  readonly hookId: number
  readonly guid: string
  readonly event: string
  readonly action: string | null
  readonly payload: { readonly [field: string]: JsonValue }
  readonly redelivery: boolean
  readonly state: "waiting" | "done"
  readonly status: number
  readonly reason: string
  readonly requestHeaders: { readonly [name: string]: string }
  readonly responseHeaders: { readonly [name: string]: string }
  readonly responseBody: string
  readonly durationSeconds: number
  readonly createdAt: number
  readonly deliveredAt: number | null
}

export const hookTables = {
  hooks: table<Hook>()("hooks", {
    index: { repository: (row) => row.repositoryId, organization: (row) => row.organizationId }
  }),
  deliveries: table<Delivery>()("deliveries", {
    index: { hook: (row) => row.hookId, state: (row) => row.state }
  })
}
