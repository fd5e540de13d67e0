import type { HelperReply, RefusalKind } from "./protocol.ts"

/** Thrown inside the helper process only, where every failure ends the one thing it was started for. */
export class Refusal extends Error {
  readonly kind: RefusalKind

  constructor(kind: RefusalKind, text: string) {
    super(text)
    this.kind = kind
  }
}

const kindOf = (code: string): RefusalKind => {
  if (code === "ENOENT" || code === "ENOTDIR") return "not-found"
  if (code === "EROFS") return "read-only"
  if (code === "ENOSPC" || code === "EDQUOT") return "no-space"
  if (code === "ELOOP" || code === "ENAMETOOLONG") return "invalid"
  return "failed"
}

/** Any failure of the helper as its last word. */
export const replyFor = (error: unknown): HelperReply => {
  if (error instanceof Refusal) return { ok: false, kind: error.kind, text: error.message }
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : ""
  const text = error instanceof Error ? error.message : String(error)
  if (code === "EROFS") return { ok: false, kind: "read-only", text: "container rootfs is marked read-only" }
  return { ok: false, kind: kindOf(code), text }
}
