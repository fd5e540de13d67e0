import type { Hub } from "../hub.ts"
import type { Pull } from "../pulls/rows.ts"

/** Why a pull request must not be merged although git could. */
export interface Obstacle {
  readonly kind: "blocked" | "behind" | "unstable"
  readonly reason: string
}

/** What the base branch's protection still asks for; undefined when nothing is missing. */
export const mergeObstacle = (_hub: Hub, _pull: Pull, _behind: boolean): Obstacle | undefined => undefined
