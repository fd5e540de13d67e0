import { existsSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

/** A built file beside this one; undefined when the daemon runs from its sources. */
export const builtFile = (name: string): URL | undefined => {
  const path = join(import.meta.dirname, name)
  return existsSync(path) ? pathToFileURL(path) : undefined
}
