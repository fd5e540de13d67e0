/** The archive work itself, for processes that are inside the container's root already. */
export { packTo } from "./pack.ts"
export type { FileOwner, FileStat, RefusalKind } from "./protocol.ts"
export { replyFor } from "./refusal.ts"
export { statOf } from "./stat.ts"
export { unpackFrom } from "./unpack.ts"
