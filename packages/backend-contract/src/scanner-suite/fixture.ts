import type { TagSet } from "@sockerless/tags"
import { Context, type Effect } from "effect"

/** How the suite makes and sees resources in a place, past the scanner under test. One per place; for tests only. */
export class ScannerFixture extends Context.Service<
  ScannerFixture,
  {
    /** Every type of resource that the scanner reports. */
    readonly types: ReadonlyArray<string>
    /** Makes a resource as the backend would: named, and tagged unless `tags` is absent. */
    readonly plant: (planted: {
      readonly type: string
      readonly name: string
      readonly tags?: TagSet
    }) => Effect.Effect<{ readonly type: string; readonly id: string }>
    readonly exists: (planted: { readonly type: string; readonly id: string }) => Effect.Effect<boolean>
    /** The most resources that one list call of the place returns; kept small by the fixture where it can be. */
    readonly pageSize: number
    /** Calls of any kind that reached the place so far. */
    readonly calls: Effect.Effect<number>
    /** List calls that a scan of an empty place needs. */
    readonly emptyScanCalls: number
  }
>()("@sockerless/backend-contract/ScannerFixture") {}
