import type { Context } from "../engine/context.ts"
import { rowOf } from "../nodes/node.ts"

/** The names of labels given by global ids. */
export const labelNames = (context: Context, ids: ReadonlyArray<string>): ReadonlyArray<string> =>
  ids.map((id) => rowOf(context, id, ["LA"], (row) => context.hub.tables.labels.get(row)).name)

/** The logins of accounts given by global ids. */
export const accountLogins = (context: Context, ids: ReadonlyArray<string>): ReadonlyArray<string> =>
  ids.map((id) => rowOf(context, id, ["U", "BOT"], (row) => context.hub.tables.accounts.get(row)).login)

/** The number of a milestone given by global id. */
export const milestoneNumber = (context: Context, id: string): number =>
  rowOf(context, id, ["MI"], (row) => context.hub.tables.milestones.get(row)).number
