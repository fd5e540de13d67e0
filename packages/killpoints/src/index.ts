export { killpoint } from "./killpoint.ts"
export {
  bleephubKillpointNames,
  killpointNames,
  type KillpointName,
  linkKillpointNames,
  registryKillpointNames
} from "./names.ts"
