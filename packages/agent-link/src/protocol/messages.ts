import { ProtocolError } from "./frame.ts"

/** Plain data, as JSON carries it. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** The protocol's version; both sides speak exactly one. */
export const VERSION = 1

/** The WebSocket sub-protocol that says so on the wire. */
export const SUBPROTOCOL = `skls.${VERSION}`

/** Who dials. The claimant is one life of an agent: a second copy of the same workload has another. */
export interface Hello {
  readonly claimant: string
  /** The highest daemon epoch this agent has obeyed. */
  readonly epoch: number
}

export interface Welcome {
  readonly epoch: number
  /** Whether this agent may run the user's process. False means: end yourself, another one does. */
  readonly granted: boolean
}

export interface Open {
  /** The channel's name for ever: the same id is the same channel after any crash of the daemon. */
  readonly id: string
  readonly kind: string
  readonly params: Json
  /** How far the agent may send. */
  readonly limit: number
}

export interface Opened {
  /** Where the agent's bytes begin: where the daemon wants them, or later when older ones are gone. */
  readonly from: number
  /** How far the daemon may send. */
  readonly limit: number
}

const object = (payload: Buffer): { readonly [key: string]: Json } => {
  let value: Json
  try {
    value = JSON.parse(payload.toString("utf8"))
  } catch (cause) {
    throw new ProtocolError("a message is no JSON", { cause })
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ProtocolError("a message is no object")
  return value as { readonly [key: string]: Json }
}

const text = (from: { readonly [key: string]: Json }, key: string): string => {
  const value = from[key]
  if (typeof value !== "string") throw new ProtocolError(`${key} is no text`)
  return value
}

const count = (from: { readonly [key: string]: Json }, key: string): number => {
  const value = from[key]
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new ProtocolError(`${key} is no count`)
  return value
}

/** A message as a frame's payload. */
export const encode = (message: Hello | Welcome | Open | Opened | Json): Buffer => Buffer.from(JSON.stringify(message))

export const decodeHello = (payload: Buffer): Hello => {
  const from = object(payload)
  return { claimant: text(from, "claimant"), epoch: count(from, "epoch") }
}

export const decodeWelcome = (payload: Buffer): Welcome => {
  const from = object(payload)
  return { epoch: count(from, "epoch"), granted: from["granted"] === true }
}

export const decodeOpen = (payload: Buffer): Open => {
  const from = object(payload)
  return { id: text(from, "id"), kind: text(from, "kind"), params: from["params"] ?? null, limit: count(from, "limit") }
}

export const decodeOpened = (payload: Buffer): Opened => {
  const from = object(payload)
  return { from: count(from, "from"), limit: count(from, "limit") }
}

export const decodeResult = (payload: Buffer): Json => {
  const value = object(payload)["value"]
  if (value === undefined) throw new ProtocolError("a result has no value")
  return value
}
