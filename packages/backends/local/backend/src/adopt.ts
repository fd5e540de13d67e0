import { killpoint } from "@sockerless/killpoints"
import type { Handle, Launch, Observation } from "@sockerless/backend-contract"
import type { Fault } from "@sockerless/faults"
import {
  bundleOf,
  endOrphan,
  isMonitorOf,
  isPaused,
  killStarters,
  observe,
  recordedPid,
  release
} from "@sockerless/oci-runtime"
import { Effect } from "effect"
import { stat } from "node:fs/promises"
import { cgroupPathOf } from "./container-spec.ts"
import { handleOf, type LocalContext } from "./context.ts"
import { attempt } from "./faults.ts"
import { exitReport } from "./exits.ts"
import { type LaunchRecord, readLaunchRecord } from "./launch-record.ts"
import { startedFrom } from "./started.ts"

/** Bytes of a file; undefined when it is not there. */
const sizeOf = (path: string) =>
  attempt(`look at ${path}`, () =>
    stat(path).then(
      ({ size }) => size,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined
        throw error
      }
    )
  )

/** The monitor of an ended process needs a moment to write how it ended. */
const WRITE_TRIES = 2000

const settled = (context: LocalContext, id: string, cgroupPath: string) =>
  Effect.gen(function* () {
    const bundle = bundleOf(context.folders, id)
    for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
      const now = observe(context.folders, id, cgroupPath)
      const isBeingWritten =
        now._tag === "Gone" &&
        recordedPid(bundle.pidFile) > 0 &&
        isMonitorOf(recordedPid(bundle.monitorPidFile), bundle.folder)
      if (!isBeingWritten) return now
      yield* Effect.sleep("5 millis")
    }
    return observe(context.folders, id, cgroupPath)
  })

/**
 * What a container held that ran when recovery began is given back whole. One that had ended before holds nothing:
 * its addresses may be somebody else's by now.
 */
const giveBack = (context: LocalContext, id: string, record: LaunchRecord) =>
  Effect.suspend(() => {
    const live = context.live.of(id)
    const isHeld = live.record !== undefined
    live.record = undefined
    return context.networks.leave(id, isHeld ? record : { ...record, endpoints: [], ports: [] })
  })

/** Finds a container again from its bundle alone. A start that died before its process was let go is undone. */
export const adoptContainer = Effect.fn("local.adopt")(function* (
  context: LocalContext,
  launch: Launch,
  handle: Handle | undefined
): Effect.fn.Return<Observation, Fault> {
  const { id } = launch.spec
  const live = context.live.of(id)
  const record = readLaunchRecord(context.paths, id)
  const cgroupPath = record?.cgroupPath ?? cgroupPathOf(launch.spec, context.cgroupParent)
  yield* endOrphan(context.tools, context.folders, id, cgroupPath)
  const now = yield* settled(context, id, cgroupPath)
  if (now._tag === "Running" && record !== undefined) {
    live.running = now.running
    live.record = record
    return {
      _tag: "Running",
      started: startedFrom(context, handleOf(id), now.running, record),
      paused: isPaused(context.tools, cgroupPath)
    }
  }
  if (now._tag !== "Exited" && record !== undefined) {
    // A starter of the dead daemon may still be on its way to a process.
    yield* Effect.sync(() => killStarters(context.paths.bundle(id)))
  }
  killpoint("local.adopt.before-release")
  yield* release(context.tools, context.folders, id, cgroupPath)
  killpoint("local.adopt.after-release")
  if (record !== undefined) yield* giveBack(context, id, record)
  if (now._tag === "Exited") return { _tag: "Exited", handle: handleOf(id), exit: exitReport(now.exit) }
  const files = context.paths.container(id)
  if ((yield* sizeOf(files.log)) === undefined) return { _tag: "Absent" }
  // Every start writes the host file. With it but without a bundle, the machine went down since.
  const started = ((yield* sizeOf(files.hosts)) ?? 0) > 0
  return started && record === undefined
    ? { _tag: "Lost", handle: handle ?? handleOf(id) }
    : { _tag: "Created", handle: handleOf(id) }
})
