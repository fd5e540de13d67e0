import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { Worker } from "node:worker_threads"
import type { Opened, WorkerOptions } from "./protocol.ts"

export interface SqliteOptions {
  /** The database file; its folder is made when absent. */
  readonly file: string
  /** Room kept for a full disk; 16 MiB unless said otherwise, 0 for none. */
  readonly ballastBytes?: number
  /** The built worker file; by default the source beside this module. */
  readonly worker?: URL
}

/** A store's thread on its way to open the database. */
export interface StartedWorker {
  readonly worker: Worker
  /** Its first word, or why it ended before that; never rejects. */
  readonly opened: Promise<Opened | { readonly failed: string }>
}

const BALLAST_BYTES = 16 * 1024 * 1024

/** Starts a store's thread. A module of its own, so that a program can do it before it reads anything else. */
export const startStoreWorker = (options: SqliteOptions): StartedWorker => {
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o710 })
  const workerData: WorkerOptions = { file: options.file, ballastBytes: options.ballastBytes ?? BALLAST_BYTES }
  const worker = new Worker(options.worker ?? new URL("./worker.ts", import.meta.url), {
    workerData,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 }
  })
  const opened = new Promise<Opened | { readonly failed: string }>((resolve) => {
    worker.once("message", resolve)
    worker.once("error", (error: Error) => resolve({ failed: error.message }))
    worker.once("exit", (code) => resolve({ failed: `the store's worker thread has ended with code ${code}` }))
  })
  return { worker, opened }
}
