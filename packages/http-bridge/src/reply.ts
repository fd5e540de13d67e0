import type { Stream } from "effect"
import type { Readable, Writable } from "node:stream"

export type ReplyHeaders = Readonly<Record<string, string>>

/**
 * What a handler answers. Bytes of containers travel as Node streams and never pass through Effect; records (events,
 * progress) travel as an Effect stream.
 */
export type Reply =
  | { readonly _tag: "Whole"; readonly status: number; readonly headers: ReplyHeaders; readonly body: string | Buffer }
  | { readonly _tag: "Bytes"; readonly status: number; readonly headers: ReplyHeaders; readonly body: Readable }
  | {
      readonly _tag: "Live"
      readonly status: number
      readonly headers: ReplyHeaders
      readonly body: Stream.Stream<string | Uint8Array>
    }
  | HijackedReply

/** Both ends of a connection handed over to a process. */
export interface HijackedReply {
  readonly _tag: "Hijacked"
  /** Content type after `101 UPGRADED`. */
  readonly upgradedType: string
  /** Content type of the close-delimited 200 that a client without `Upgrade` gets. */
  readonly plainType: string
  readonly output: Readable
  readonly input: Writable | undefined
}

/** A JSON document, ended by the newline that Go's encoder writes. */
export const json = (body: unknown, status = 200): Reply => jsonText(JSON.stringify(body), status)

/** A JSON document that is already text. */
export const jsonText = (text: string, status = 200): Reply => ({
  _tag: "Whole",
  status,
  headers: { "Content-Type": "application/json" },
  body: `${text}\n`
})

/** No body: 204 unless another status is given. */
export const empty = (status = 204, headers: ReplyHeaders = {}): Reply => ({ _tag: "Whole", status, headers, body: "" })

/** A short text. */
export const text = (body: string, status = 200, headers: ReplyHeaders = {}): Reply => ({
  _tag: "Whole",
  status,
  headers: { "Content-Type": "text/plain; charset=utf-8", ...headers },
  body
})

/** Bytes of any length; the headers leave at once and a client that goes away destroys the stream. */
export const bytes = (body: Readable, headers: ReplyHeaders = {}, status = 200): Reply => ({
  _tag: "Bytes",
  status,
  headers,
  body
})

/** Records as they happen; the headers leave at once and a client that goes away interrupts the stream. */
export const live = (body: Stream.Stream<string | Uint8Array>, headers: ReplyHeaders = {}, status = 200): Reply => ({
  _tag: "Live",
  status,
  headers,
  body
})

/** The connection itself, as `attach` and `exec start` hand it over. */
export const hijacked = (reply: Omit<HijackedReply, "_tag">): Reply => ({ _tag: "Hijacked", ...reply })
