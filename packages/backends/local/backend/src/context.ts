import type { Handle } from "@sockerless/backend-contract"
import type { ImageStore } from "@sockerless/images"
import type { ArchiveHelper, ExitWatch, RuntimeFolders, Tools } from "@sockerless/oci-runtime"
import type { LiveContainers } from "./live.ts"
import type { LocalNetworks } from "./networks.ts"
import type { LocalOptions } from "./options.ts"
import type { Paths } from "./paths.ts"

/** What every verb of this backend works with. Made once when the layer is built. */
export interface LocalContext {
  readonly options: LocalOptions
  readonly paths: Paths
  readonly folders: RuntimeFolders
  readonly tools: Tools
  readonly images: ImageStore["Service"]
  readonly networks: LocalNetworks
  readonly live: LiveContainers
  readonly exits: ExitWatch
  readonly helper: ArchiveHelper
  /** Parent of our containers' cgroups. */
  readonly cgroupParent: string
}

/** The id is all that must be remembered: everything else is found in folders named by it. */
export const handleOf = (id: string): Handle => ({ backend: "local", version: 1, state: { id } })

export const idOf = (handle: Handle): string => {
  const { state } = handle
  return typeof state === "object" && state !== null && "id" in state && typeof state["id"] === "string"
    ? state["id"]
    : ""
}
