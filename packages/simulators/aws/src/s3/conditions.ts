import type { WireRequest } from "@sockerless/simulator-kit"
import { headerOf } from "@sockerless/simulator-kit"
import { Effect } from "effect"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import type { ObjectRecord } from "./records.ts"

const bare = (etag: string): string => etag.trim().replace(/^W\//, "").replace(/^"|"$/g, "")

const names = (header: string, etag: string): boolean =>
  header.split(",").some((one) => bare(one) === "*" || bare(one) === etag)

const failedCondition = (condition: string): AwsFault =>
  awsFault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", {
    status: 412,
    details: { Condition: condition }
  })

/** The conditions of a write: `If-None-Match: *` makes it a creation, `If-Match` a compare-and-swap. */
export const checkWrite = (request: WireRequest, present: ObjectRecord | undefined): Effect.Effect<void, AwsFault> => {
  const mustMatch = headerOf(request, "if-match")
  if (headerOf(request, "if-none-match") !== undefined && present !== undefined)
    return Effect.fail(failedCondition("If-None-Match"))
  if (mustMatch === undefined) return Effect.void
  if (present === undefined)
    return Effect.fail(awsFault("NoSuchKey", "The specified key does not exist.", { status: 404 }))
  return names(mustMatch, present.etag) ? Effect.void : Effect.fail(failedCondition("If-Match"))
}

/** The conditions of a read; true where the caller's copy is the present one. */
export const checkRead = (request: WireRequest, present: ObjectRecord): Effect.Effect<boolean, AwsFault> => {
  const mustMatch = headerOf(request, "if-match")
  if (mustMatch !== undefined && !names(mustMatch, present.etag)) return Effect.fail(failedCondition("If-Match"))
  const known = headerOf(request, "if-none-match")
  return Effect.succeed(known !== undefined && names(known, present.etag))
}
