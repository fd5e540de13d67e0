export { type ApiReply, apiRequest, loadImage } from "./api.ts"
export {
  dockerCli,
  dockerProgram,
  type Docker,
  type Outcome,
  type RunOptions,
  type Background,
  type Terminal
} from "./docker.ts"
export { type Daemon, type DaemonOptions, startSockerlessd } from "./daemon.ts"
export { findOracle, startOracle } from "./oracle.ts"
export { target, startTarget } from "./target.ts"
export { busyboxArchive, makeImage, type ImageSource, type TreeEntry } from "./images.ts"
export { hasRegistry, startRegistry, type Registry } from "./registry.ts"
export { rawRequest, type RawReply } from "./raw.ts"
export { until } from "./until.ts"
