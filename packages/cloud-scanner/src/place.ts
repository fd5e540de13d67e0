import type { Place } from "@sockerless/resource-registry"
import { type Context, Effect, Option } from "effect"
import type { CloudScanner, Found } from "./scanner.ts"

/** The ledger's way to a place, answered from one scan: no call per resource but those that remove. */
export const placeOf = (scanner: Context.Service.Shape<typeof CloudScanner>, found: ReadonlyArray<Found>): Place => {
  const byName = new Map(found.filter(({ name }) => name !== "").map((one) => [`${one.type}\n${one.name}`, one]))
  return {
    find: (entry) =>
      Effect.succeed(
        Option.map(Option.fromNullishOr(byName.get(`${entry.type}\n${entry.name}`)), ({ id, facts }) => ({
          id,
          ...(facts !== undefined && { facts })
        }))
      ),
    destroy: (entry) => scanner.destroy({ type: entry.type, id: entry.id ?? entry.name })
  }
}
