import type { BackendShape, Launch } from "@sockerless/backend-contract"
import { Effect } from "effect"
import { posix } from "node:path"
import { ScriptedFault } from "./faults.ts"
import type { FileTree } from "./file-tree.ts"
import { type ScriptedPlace } from "./place.ts"
import type { Workload } from "./workload.ts"

/** The tree a path is in, seen from inside the workload: a volume's or the root's, and the path there. */
export const treeAt = (
  place: ScriptedPlace,
  workload: Workload,
  path: string
): { readonly tree: FileTree; readonly path: string } => {
  const full = posix.resolve("/", path)
  for (const mount of workload.launch.spec.mounts) {
    const tree = mount.type === "volume" ? place.volumes.get(mount.name) : undefined
    const inside = full === mount.destination || full.startsWith(`${mount.destination}/`)
    if (tree !== undefined && inside) return { tree, path: full.slice(mount.destination.length) || "/" }
  }
  return { tree: workload.root, path: full }
}

const absent = (launch: Launch, path: string) =>
  new ScriptedFault({ kind: "not-found", text: `Could not find the file ${path} in container ${launch.spec.name}` })

/** Files of a workload, in and out. */
export const archiveOf = (place: ScriptedPlace): BackendShape["archive"] => {
  const found = (launch: Launch, path: string) =>
    Effect.flatMap(place.of(launch.spec.id), (workload) => {
      const at = treeAt(place, workload, path)
      const stat = at.tree.stat(at.path)
      return stat === undefined ? Effect.fail(absent(launch, path)) : Effect.succeed({ ...at, stat })
    })
  const step = <A, E>(verb: string, launch: Launch, act: Effect.Effect<A, E>) =>
    place.step(`archive.${verb}`, launch.spec.id, act)
  const changesOf = (workload: Workload) => workload.root.changesSince(workload.image)
  return {
    stat: (launch, _, path) =>
      step(
        "stat",
        launch,
        Effect.map(found(launch, path), ({ stat }) => stat)
      ),
    pack: (launch, _, path) =>
      step(
        "pack",
        launch,
        Effect.map(found(launch, path), ({ tree, path: inTree, stat }) => ({ stat, tar: tree.pack(inTree) }))
      ),
    unpack: (launch, _, path, tar) =>
      step(
        "unpack",
        launch,
        Effect.flatMap(found(launch, path), ({ tree, path: inTree }) =>
          tree.isFolder(inTree)
            ? Effect.tryPromise({
                try: () => tree.unpack(inTree, tar),
                catch: (cause) => new ScriptedFault({ kind: "invalid", text: `unreadable tar: ${String(cause)}` })
              })
            : Effect.fail(new ScriptedFault({ kind: "invalid", text: "extraction point is not a directory" }))
        )
      ),
    exportRoot: (launch) =>
      step(
        "export",
        launch,
        Effect.map(place.of(launch.spec.id), ({ root }) => root.pack("/"))
      ),
    changes: (launch) => step("changes", launch, Effect.map(place.of(launch.spec.id), changesOf)),
    packChanges: (launch) =>
      step(
        "pack-changes",
        launch,
        Effect.map(place.of(launch.spec.id), (workload) =>
          workload.root.packPaths(changesOf(workload).flatMap(({ path, kind }) => (kind === "deleted" ? [] : [path])))
        )
      )
  }
}
