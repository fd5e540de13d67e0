import type { Account } from "../accounts/rows.ts"
import { notFound } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Reaction } from "./rows.ts"

/** In the order in which GitHub counts them. */
export const REACTIONS = ["+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"] as const

/** Adds a reaction; the same one again is the first one. Part of a change. */
export const addReaction = (
  hub: Hub,
  actor: Account,
  subject: string,
  content: Reaction["content"]
): { readonly reaction: Reaction; readonly made: boolean } => {
  const known = hub.tables.reactions.by("one", `${subject} ${actor.id} ${content}`)
  if (known !== undefined) return { reaction: known, made: false }
  const reaction = hub.tables.reactions.insert({ subject, accountId: actor.id, content, createdAt: hub.now() })
  return { reaction, made: true }
}

/** Takes back a reaction of one's own to this subject, or 404. Part of a change. */
export const removeReaction = (hub: Hub, actor: Account, subject: string, id: number): void => {
  const reaction = hub.tables.reactions.get(id)
  if (reaction === undefined || reaction.subject !== subject || reaction.accountId !== actor.id) throw notFound()
  hub.tables.reactions.remove(id)
}

/** How many of each there are. */
export const reactionCounts = (hub: Hub, subject: string): Readonly<Record<Reaction["content"], number>> => {
  const counts = { "+1": 0, "-1": 0, laugh: 0, hooray: 0, confused: 0, heart: 0, rocket: 0, eyes: 0 }
  for (const reaction of hub.tables.reactions.where("subject", subject)) counts[reaction.content] += 1
  return counts
}
