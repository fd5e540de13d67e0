import { LAUNCH_ORDER, type LaunchOrder } from "../launch/launch-order.ts"

const isLaunchOrder = (value: unknown): value is LaunchOrder =>
  typeof value === "object" && value !== null && "config" in value && "sockets" in value && "readyFile" in value

/** Takes the launcher's order out of the environment, so that no child of the daemon sees it. */
export const takeLaunchOrder = (): LaunchOrder | undefined => {
  const text = process.env[LAUNCH_ORDER]
  if (text === undefined) return undefined
  delete process.env[LAUNCH_ORDER]
  const order: unknown = JSON.parse(text)
  return isLaunchOrder(order) ? order : undefined
}
