import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { LocalContext } from "./context.ts"

/** Removes what the execs of an earlier daemon left: an exec is never replayed, and nobody reads its output any more. */
export const forgetExecs = (context: LocalContext, id: string): void => {
  for (const folder of [context.paths.container(id).folder, context.paths.bundle(id)]) {
    if (!existsSync(folder)) continue
    for (const name of readdirSync(folder)) {
      if (name.startsWith("exec-")) rmSync(join(folder, name), { force: true })
    }
  }
}
