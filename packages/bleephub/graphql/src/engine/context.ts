import type { Hub, Viewer } from "@sockerless/bleephub-core"

/** The addresses that links begin with; the same as REST's. */
export interface Urls {
  readonly api: string
  readonly html: string
}

/** What every resolver knows of the request. */
export interface Context {
  readonly hub: Hub
  readonly viewer: Viewer
  readonly urls: Urls
  /** Told of each field that was asked for and that nothing here resolves. */
  readonly unresolved: (field: string) => void
}
