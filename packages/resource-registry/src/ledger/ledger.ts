import { type Store, storeMemory, type StoreFault } from "@sockerless/store"
import { Context, Layer } from "effect"
import type { RecordUnreadable } from "../faults.ts"
import { Lease } from "../lease/lease.ts"
import type { LedgerShape } from "./contract.ts"
import { makeLedger } from "./make-ledger.ts"

/** What we own in a cloud; see `LedgerShape` for what it promises. */
export class Ledger extends Context.Service<Ledger, LedgerShape>()("@sockerless/resource-registry/Ledger") {
  /** The ledger of the instance that holds the lease, on the daemon's store. */
  static readonly layer: Layer.Layer<Ledger, StoreFault | RecordUnreadable, Store | Lease> = Layer.effect(
    Ledger,
    makeLedger
  )
  /** A ledger that forgets when its scope ends: for tests of what is built on it. */
  static readonly memory = (instance: string): Layer.Layer<Ledger, StoreFault | RecordUnreadable> =>
    Ledger.layer.pipe(Layer.provide(Lease.local(instance)), Layer.provide(storeMemory))
}
