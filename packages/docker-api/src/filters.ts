import type { Filters } from "@sockerless/engine"
import { BadRequest } from "@sockerless/http-bridge"
import { Effect } from "effect"

const invalid = () => new BadRequest({ message: "invalid filter" })

const valuesOf = (value: unknown): ReadonlyArray<string> | undefined => {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string") ? value : undefined
  if (typeof value !== "object" || value === null) return undefined
  const entries = Object.entries(value)
  if (!entries.every(([, on]) => typeof on === "boolean")) return undefined
  return entries.filter(([, on]) => on === true).map(([key]) => key)
}

/** Reads the `filters` parameter in both encodings clients use: `{"label":{"a=b":true}}` and `{"label":["a=b"]}`. */
export const readFilters = (query: URLSearchParams): Effect.Effect<Filters, BadRequest> =>
  Effect.suspend(() => {
    const given = query.get("filters") ?? ""
    if (given === "") return Effect.succeed(new Map<string, ReadonlyArray<string>>())
    return Effect.try({ try: (): unknown => JSON.parse(given), catch: invalid }).pipe(
      Effect.flatMap((parsed) => {
        if (parsed === null) return Effect.succeed(new Map<string, ReadonlyArray<string>>())
        if (typeof parsed !== "object" || Array.isArray(parsed)) return Effect.fail(invalid())
        const filters = new Map<string, ReadonlyArray<string>>()
        for (const [key, value] of Object.entries(parsed)) {
          const values = valuesOf(value)
          if (values === undefined) return Effect.fail(invalid())
          filters.set(key, values)
        }
        return Effect.succeed(filters)
      })
    )
  })
