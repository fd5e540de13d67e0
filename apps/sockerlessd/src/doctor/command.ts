import { execFile } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { join } from "node:path"

const DEADLINE_MILLIS = 10_000

/** What a command said. */
export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command with a deadline; a command that cannot be run says so with code 127. */
export const run = (file: string, ...args: ReadonlyArray<string>): Promise<Said> =>
  new Promise((resolve) => {
    execFile(file, args, { timeout: DEADLINE_MILLIS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 127
      resolve({ code, stdout, stderr: error !== null && stderr === "" ? error.message : stderr })
    })
  })

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // access(2) answers "no" by an error.
    return false
  }
}

/** Where a program is, searching what the daemon will search. */
export const which = (name: string): string | undefined =>
  [...(process.env["PATH"] ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable)
