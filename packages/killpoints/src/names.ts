/** Every kill point that a daemon with local containers passes, by room. A point named nowhere here does not compile. */
export const killpointNames = [
  "store.commit.before",
  "store.commit.after",
  "images.blob.before-sync",
  "images.blob.after-rename",
  "images.layer.before-rename",
  "images.layer.after-rename",
  "images.add.before-record",
  "images.remove.after-record",
  "engine.create.after-intent",
  "engine.create.before-outcome",
  "engine.create.after-outcome",
  "engine.start.after-intent",
  "engine.start.before-outcome",
  "engine.start.after-outcome",
  "engine.exit.before-outcome",
  "engine.exit.after-outcome",
  "engine.remove.after-intent",
  "engine.remove.before-outcome",
  "engine.remove.after-outcome",
  "engine.pause.before-outcome",
  "engine.unpause.before-outcome",
  "engine.update.before-outcome",
  "engine.exec.after-intent",
  "engine.exec.before-outcome",
  "engine.volume-create.before-outcome",
  "engine.volume-remove.before-outcome",
  "engine.network-create.before-outcome",
  "engine.network-remove.before-outcome",
  "engine.network-connect.before-outcome",
  "engine.network-disconnect.before-outcome",
  "engine.recovery.after-sweep",
  "engine.recovery.after-adopt",
  "engine.recovery.done",
  "local.create.after-folders",
  "local.create.after-volume-fill",
  "local.start.after-networks",
  "local.start.after-launch",
  "local.endpoints.after-record",
  "local.record.before-rename",
  "local.record.after-rename",
  "local.remove.after-bundle",
  "oci.launch.before-monitor",
  "oci.launch.after-monitor",
  "oci.launch.after-start",
  "network.namespace.before-create",
  "network.namespace.half-created",
  "network.namespace.after-create",
  "network.namespace.before-remove",
  "network.namespace.after-remove",
  "network.connect.before",
  "network.connect.after",
  "network.bridge.before-create",
  "network.bridge.after-create",
  "network.firewall.before",
  "network.firewall.after"
] as const

/** The kill points that only cloud backends pass. */
export const registryKillpointNames = [
  "registry.lease.after-intent",
  "registry.lease.after-outcome",
  "registry.lease.after-take",
  "registry.lease.before-take",
  "registry.perform.after-intent",
  "registry.perform.after-outcome",
  "registry.perform.before-intent",
  "registry.perform.before-outcome",
  "registry.make.after-call",
  "registry.make.after-intent",
  "registry.make.after-outcome",
  "registry.make.before-outcome",
  "registry.undo.after-intent",
  "registry.undo.after-outcome",
  "registry.undo.before-outcome",
  "registry.dispose.after-call",
  "registry.dispose.after-intent",
  "registry.dispose.after-outcome",
  "registry.claim.after-outcome",
  "registry.claim.before-outcome",
  "registry.adopt.after-outcome",
  "registry.adopt.before-outcome",
  "registry.bury.after-outcome",
  "registry.bury.before-outcome",
  "registry.recover.after-one"
] as const

/** The kill points that bleephub passes. */
export const bleephubKillpointNames = [
  "bleephub.create-repository.before-folder",
  "bleephub.create-repository.after-folder",
  "bleephub.delete-repository.before-folder",
  "bleephub.refs.before-git",
  "bleephub.refs.after-git",
  "bleephub.push.before-git",
  "bleephub.push.after-git"
] as const

/** The name of a kill point: `room.verb.moment`, for example `engine.start.before-outcome`. */
export type KillpointName =
  | (typeof killpointNames)[number]
  | (typeof registryKillpointNames)[number]
  | (typeof bleephubKillpointNames)[number]
