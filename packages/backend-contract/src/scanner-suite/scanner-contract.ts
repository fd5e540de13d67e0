import { layer } from "@effect/vitest"
import type { CloudScanner } from "@sockerless/cloud-scanner"
import type { Layer } from "effect"
import * as cases from "./cases.ts"
import type { ScannerFixture } from "./fixture.ts"

/**
 * The contract that every `CloudScanner` signs. The place may hold other resources before and during the run; the
 * suite makes its own, under instances of its own, and removes them.
 */
export const scannerContract = <E>(name: string, place: Layer.Layer<CloudScanner | ScannerFixture, E>): void =>
  layer(place, { timeout: "60 seconds", excludeTestServices: true })(`scanner of ${name}`, (it) => {
    it.effect("reports each type with its name, its tags whole, and an age", () => cases.reportsEachType)
    it.effect("reports every resource once over many pages, with no call per resource", () => cases.reportsEachOnce)
    it.effect("asks for no page that nobody wants", () => cases.asksForNoMore)
    it.effect("reports other instances as theirs, and nothing that is nobody's", () => cases.reportsOthers)
    it.effect(
      "destroys what it is told and nothing else; absent is success, also twice at once",
      () => cases.destroysOnlyThat
    )
    it.effect("lets garbage collection remove this instance's leftovers only", () => cases.collectsOnlyOurs)
  })
