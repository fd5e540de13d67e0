import { killpoint } from "@sockerless/killpoints"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { bundleOf, type RuntimeFolders } from "./bundle.ts"
import { isFrozen, setFrozen } from "./cgroups.ts"
import type { Tools } from "./detect.ts"
import { type RuntimeFailed, RuntimeFailed as Failed, reasonOf } from "./faults.ts"
import type { Running } from "./launch.ts"
import { runtimeCommand } from "./runtime-command.ts"
import { ociResources } from "./oci-resources.ts"
import { sendSignal, startTicksOf } from "./processes.ts"
import { runChecked } from "./run-command.ts"
import { setTerminalSize } from "../stdio/terminal-size.ts"
import type { Resources } from "./spec.ts"

const guarded = <A>(step: string, run: () => A): Effect.Effect<A, RuntimeFailed> =>
  Effect.try({ try: run, catch: (cause) => new Failed({ step, reason: reasonOf(cause) }) })

/** Signals the main process; false when it is gone (also when its pid belongs to another process by now). */
export const signal = (running: Running, number: number): Effect.Effect<boolean, RuntimeFailed> =>
  guarded(`signal ${number} to container ${running.id}`, () =>
    startTicksOf(running.pid) === running.startTicks ? sendSignal(running.pid, number) : false
  )

/** Freezes every process of the container. */
export const pause = (tools: Tools, cgroupPath: string): Effect.Effect<void, RuntimeFailed> =>
  guarded(`freeze ${cgroupPath}`, () => {
    setFrozen(tools.cgroups, cgroupPath, true)
    killpoint("oci.pause.after-freeze")
  })

export const resume = (tools: Tools, cgroupPath: string): Effect.Effect<void, RuntimeFailed> =>
  guarded(`thaw ${cgroupPath}`, () => {
    setFrozen(tools.cgroups, cgroupPath, false)
    killpoint("oci.resume.after-thaw")
  })

export const isPaused = (tools: Tools, cgroupPath: string): boolean => isFrozen(tools.cgroups, cgroupPath)

/** Sets the window size of a container with a terminal. */
export const resize = (
  folders: RuntimeFolders,
  id: string,
  size: { readonly rows: number; readonly columns: number }
): Effect.Effect<void, RuntimeFailed> =>
  guarded(`resize the terminal of container ${id}`, () => setTerminalSize(bundleOf(folders, id).control, size))

/** Changes limits of a running container through the runtime, which knows both cgroup versions. */
export const update = (
  tools: Tools,
  folders: RuntimeFolders,
  running: Running,
  resources: Resources
): Effect.Effect<void, RuntimeFailed> =>
  Effect.gen(function* () {
    // A file, because crun cannot read its standard input when that is a socket, which Node's pipes are.
    const file = join(bundleOf(folders, running.id).folder, "update.json")
    yield* guarded(`write ${file}`, () => writeFileSync(file, JSON.stringify(ociResources(resources))))
    yield* runChecked([
      ...runtimeCommand(tools, folders, running.monitorPid),
      "update",
      "--resources",
      file,
      running.id
    ])
  })
