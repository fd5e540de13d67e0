import { spawn } from "node:child_process"
import type { Readable } from "node:stream"
import { gitEnvironment } from "./run.ts"

/** The files of a commit as one archive, streamed; the child ends with the stream. */
export const archive = (path: string, revision: string, format: "tar.gz" | "zip", prefix: string): Readable => {
  const child = spawn("git", ["archive", `--format=${format}`, `--prefix=${prefix}/`, revision], {
    cwd: path,
    env: gitEnvironment({ GIT_DIR: path }),
    stdio: ["ignore", "pipe", "ignore"]
  })
  child.stdout.once("close", () => child.kill())
  return child.stdout
}
