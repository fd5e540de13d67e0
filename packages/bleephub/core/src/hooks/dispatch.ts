import { createHmac } from "node:crypto"
import type { JsonValue } from "@sockerless/store"
import type { OutboxEvent } from "../events/rows.ts"
import { Coalesced } from "../events/coalesced.ts"
import type { Hub } from "../hub.ts"
import { enqueue } from "./hooks.ts"
import type { Delivery, Hook } from "./rows.ts"

/** Makes GitHub's payload of an event, or undefined when what it is of has gone. */
export type PayloadOf = (event: OutboxEvent) => { readonly [field: string]: JsonValue } | undefined

const LOG_LIMIT = 200
const TIMEOUT_MILLIS = 10_000
const BODY_LIMIT = 64 * 1024

/**
 * Tells whoever asked of what happened, at least once: events in the outbox become deliveries in one commit, each
 * delivery is sent until an answer or its failure is in the log, and a start goes on where a crash stopped.
 */
export class Dispatcher {
  readonly #hub: Hub
  readonly #payloadOf: PayloadOf
  readonly #work: Coalesced

  constructor(hub: Hub, payloadOf: PayloadOf, defect: (error: unknown) => void) {
    this.#hub = hub
    this.#payloadOf = payloadOf
    this.#work = new Coalesced(() => this.#run(), defect)
  }

  /** Has everything that waits be sent; calling it often costs nothing. */
  wake(): void {
    this.#work.wake()
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    return this.#work.idle()
  }

  async #run(): Promise<void> {
    await this.#fanOut()
    for (const delivery of this.#hub.tables.deliveries.where("state", "waiting")) await this.#send(delivery)
  }

  async #fanOut(): Promise<void> {
    const events = this.#hub.tables.outbox.all()
    if (events.length === 0) return
    await this.#hub.change(() => {
      for (const event of events) {
        const hooks = hooksFor(this.#hub, event)
        const payload = hooks.length === 0 ? undefined : this.#payloadOf(event)
        if (payload !== undefined) {
          for (const hook of hooks) enqueue(this.#hub, hook, event.event, event.action, payload)
        }
        this.#hub.tables.outbox.remove(event.id)
      }
    })
  }

  async #send(delivery: Delivery): Promise<void> {
    const hook = this.#hub.tables.hooks.get(delivery.hookId)
    if (hook === undefined) return
    const body = bodyOf(hook, delivery)
    const requestHeaders = headersOf(hook, delivery, body)
    const begun = performance.now()
    const answer = await post(hook.url, requestHeaders, body)
    await this.#hub.change(() => {
      if (this.#hub.tables.deliveries.get(delivery.id) === undefined) return
      this.#hub.tables.deliveries.update(delivery.id, {
        ...answer,
        requestHeaders,
        state: "done",
        durationSeconds: Math.round((performance.now() - begun) / 10) / 100,
        deliveredAt: this.#hub.now()
      })
      const log = this.#hub.tables.deliveries.where("hook", hook.id)
      for (const old of log.slice(0, Math.max(0, log.length - LOG_LIMIT))) {
        if (old.state === "done") this.#hub.tables.deliveries.remove(old.id)
      }
    })
  }
}

/** The active hooks that asked for an event: of its repository and of the organization it is in. */
const hooksFor = (hub: Hub, event: OutboxEvent): ReadonlyArray<Hook> => {
  const repository = event.repositoryId === null ? undefined : hub.tables.repositories.get(event.repositoryId)
  const organizationId = event.organizationId ?? repository?.ownerId ?? null
  return [
    ...(event.repositoryId === null ? [] : hub.tables.hooks.where("repository", event.repositoryId)),
    ...(organizationId === null ? [] : hub.tables.hooks.where("organization", organizationId))
  ].filter((hook) => hook.active && (hook.events.includes("*") || hook.events.includes(event.event)))
}

const bodyOf = (hook: Hook, delivery: Delivery): string => {
  const json = JSON.stringify(delivery.payload)
  return hook.contentType === "json" ? json : new URLSearchParams({ payload: json }).toString()
}

const headersOf = (hook: Hook, delivery: Delivery, body: string): Readonly<Record<string, string>> => ({
  accept: "*/*",
  "content-type": hook.contentType === "json" ? "application/json" : "application/x-www-form-urlencoded",
  "user-agent": "GitHub-Hookshot/bleephub",
  "x-github-delivery": delivery.guid,
  "x-github-event": delivery.event,
  "x-github-hook-id": String(hook.id),
  "x-github-hook-installation-target-id": String(hook.repositoryId ?? hook.organizationId),
  "x-github-hook-installation-target-type": hook.repositoryId === null ? "organization" : "repository",
  ...(hook.secret !== null && {
    "x-hub-signature": `sha1=${createHmac("sha1", hook.secret).update(body).digest("hex")}`,
    "x-hub-signature-256": `sha256=${createHmac("sha256", hook.secret).update(body).digest("hex")}`
  })
})

const post = async (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string
): Promise<Pick<Delivery, "status" | "reason" | "responseHeaders" | "responseBody">> => {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MILLIS)
    })
    const text = await response.text()
    return {
      status: response.status,
      reason: response.ok ? "OK" : `Invalid HTTP Response: ${response.status}`,
      responseHeaders: Object.fromEntries(response.headers),
      responseBody: text.slice(0, BODY_LIMIT)
    }
  } catch (error) {
    // Whoever listens may be gone; that stands in the log and is no failure of ours.
    const timedOut = error instanceof Error && error.name === "TimeoutError"
    return {
      status: timedOut ? 504 : 502,
      reason: timedOut ? "timed out" : "failed to connect to host",
      responseHeaders: {},
      responseBody: ""
    }
  }
}
