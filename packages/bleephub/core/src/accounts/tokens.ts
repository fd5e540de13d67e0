import { createHash, randomInt } from "node:crypto"
import { crc32 } from "node:zlib"
import { anonymous, type Viewer } from "../access/viewer.ts"
import { Unauthenticated } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Account, Token } from "./rows.ts"

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const RANDOM_LENGTH = 30
const CHECKSUM_LENGTH = 6

const PREFIX = { classic: "ghp_", oauth: "gho_" } as const

const base62 = (value: number): string => {
  let text = ""
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = `${BASE62[rest % 62]}${text}`
  return text.padStart(CHECKSUM_LENGTH, "0")
}

const tokenText = (kind: Token["kind"]): string => {
  const random = Array.from({ length: RANDOM_LENGTH }, () => BASE62[randomInt(62)]).join("")
  return `${PREFIX[kind]}${random}${base62(crc32(random))}`
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64url")

export interface NewToken {
  readonly account: Account
  readonly scopes: ReadonlyArray<string>
  readonly note: string
  readonly kind?: Token["kind"]
  readonly expiresAt?: number | null
  /** A text chosen beforehand, for seeds and tests; a random one with GitHub's checksum otherwise. */
  readonly text?: string
}

/** Makes a token and returns its text, which is kept nowhere. Part of a change. */
export const createToken = (hub: Hub, input: NewToken): { readonly text: string; readonly token: Token } => {
  const kind = input.kind ?? "classic"
  const text = input.text ?? tokenText(kind)
  const known = hub.tables.tokens.by("hash", hashOf(text))
  if (known !== undefined) hub.tables.tokens.remove(known.id)
  const token = hub.tables.tokens.insert({
    accountId: input.account.id,
    hash: hashOf(text),
    kind,
    note: input.note,
    scopes: [...input.scopes],
    expiresAt: input.expiresAt ?? null,
    createdAt: hub.now()
  })
  return { text, token }
}

/** Who holds this token; an unknown or expired one is 401, never anonymous. */
export const viewerOfToken = (hub: Hub, text: string): Viewer => {
  const token = hub.tables.tokens.by("hash", hashOf(text))
  if (token === undefined || (token.expiresAt !== null && token.expiresAt <= hub.now())) {
    throw new Unauthenticated({ reason: "Bad credentials" })
  }
  return { account: hub.tables.accounts.need(token.accountId), token }
}

/** Reads an `Authorization` header in every form GitHub takes: token, Bearer, and Basic with the token in either half. */
export const viewerOfHeader = (hub: Hub, header: string | undefined): Viewer => {
  if (header === undefined) return anonymous
  const [scheme = "", rest = ""] = header.split(/\s+(.*)/s)
  if (/^(token|bearer)$/i.test(scheme)) return viewerOfToken(hub, rest.trim())
  if (!/^basic$/i.test(scheme)) throw new Unauthenticated({ reason: "Bad credentials" })
  const decoded = Buffer.from(rest, "base64").toString("utf8")
  const colon = decoded.indexOf(":")
  const user = colon === -1 ? decoded : decoded.slice(0, colon)
  const password = colon === -1 ? "" : decoded.slice(colon + 1)
  return viewerOfToken(hub, password === "" || password === "x-oauth-basic" ? user : password)
}
