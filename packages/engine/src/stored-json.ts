import type { JsonValue } from "@sockerless/store"

/** A plain-data value as the store takes it: undefined fields are dropped, nothing else changes. */
export const toJson = (value: object): JsonValue => {
  const json: JsonValue = JSON.parse(JSON.stringify(value))
  return json
}

/**
 * A record we wrote ourselves, read back. The store's schema version guards its shape; `required` names fields whose
 * absence means the file was written by somebody else.
 */
export const fromJson = <T extends object>(
  value: JsonValue,
  required: ReadonlyArray<keyof T & string>
): T | undefined => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
  if (!required.every((key) => key in value)) return undefined
  return structuredClone(value) as object as T
}
