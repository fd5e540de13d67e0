import type { BackendShape } from "@sockerless/backend-contract"
import { Context } from "effect"

export type * from "@sockerless/backend-contract"

/** The backends of this daemon by name; the first is the default. */
export class Backends extends Context.Service<
  Backends,
  {
    readonly byName: ReadonlyMap<string, BackendShape>
    readonly defaultName: string
  }
>()("@sockerless/engine/Backends") {}
