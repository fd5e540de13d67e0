import { existsSync, rmSync } from "node:fs"

/** More tries than an ending monitor has files to remove. */
const TRIES = 16

/**
 * Removes a folder that an ending monitor may be clearing at the same time: a file that vanishes under Node's removal
 * makes it stop, silently, with the rest still there.
 */
export const removeFolder = (folder: string): void => {
  for (let tries = 0; tries < TRIES && existsSync(folder); tries += 1) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
