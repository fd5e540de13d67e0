/** What somebody may do to a repository, each including the ones before it. */
export const ROLES = ["none", "read", "triage", "write", "maintain", "admin"] as const

export type Role = (typeof ROLES)[number]

/** Whether `role` includes what `needed` allows. */
export const atLeast = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed)

/** The stronger of two roles. */
export const stronger = (a: Role, b: Role): Role => (atLeast(a, b) ? a : b)
