import type { Json } from "@sockerless/agent-link/protocol"
import { Refused } from "./reply.ts"

const fieldOf = (params: Json, key: string): Json | undefined =>
  typeof params === "object" && params !== null && !Array.isArray(params)
    ? (params as { readonly [key: string]: Json })[key]
    : undefined

/** A parameter as text; empty when absent. */
export const textOf = (params: Json, key: string): string => {
  const value = fieldOf(params, key)
  return value === undefined || value === null || typeof value === "object" ? "" : String(value)
}

/** A parameter as a count; refused when it is none. */
export const countOf = (params: Json, key: string): number => {
  const value = fieldOf(params, key)
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new Refused("invalid", `${key} is no count`)
  return value
}

/** A parameter as it is; null when absent. */
export const valueOf = (params: Json, key: string): Json => fieldOf(params, key) ?? null
