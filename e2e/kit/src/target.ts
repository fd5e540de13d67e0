import { loadImage } from "./api.ts"
import { type Daemon, type DaemonOptions, startSockerlessd } from "./daemon.ts"
import { startOracle } from "./oracle.ts"
import { busyboxArchive } from "./images.ts"

/** Which daemon a suite judges: ours, or with `TARGET=dockerd` the oracle, to judge the suite itself. */
export const target: "sockerlessd" | "dockerd" = process.env["TARGET"] === "dockerd" ? "dockerd" : "sockerlessd"

/** Starts the daemon to judge, with `busybox:latest` loaded. */
export const startTarget = async (options: DaemonOptions = {}): Promise<Daemon> => {
  const daemon = await (target === "dockerd" ? startOracle(options.args) : startSockerlessd(options))
  await loadImage(daemon.socket, await busyboxArchive())
  return daemon
}
