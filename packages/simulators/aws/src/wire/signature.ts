import { headerOf, type WireRequest } from "@sockerless/simulator-kit"
import { Effect } from "effect"
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { type AwsFault, awsFault } from "./aws-fault.ts"

/** Who signed, and with which secret that is checked. */
export interface Credential {
  readonly secret: string
  readonly sessionToken: string | undefined
  readonly arn: string
  readonly userId: string
}

/** Finds the credential of a key; temporary keys come with a session token. */
export type LookUp = (accessKeyId: string, sessionToken: string | undefined) => Credential | undefined

export interface Signed {
  readonly accessKeyId: string
  readonly region: string
  readonly service: string
  readonly credential: Credential
  /** What the signature says of the body: a digest, `UNSIGNED-PAYLOAD` or a streaming form. */
  readonly payload: string
}

interface Claim {
  readonly accessKeyId: string
  readonly scope: string
  readonly signedHeaders: ReadonlyArray<string>
  readonly signature: string
  readonly date: string
  readonly query: string
  readonly expiresAt: number | undefined
}

const SKEW_MILLIS = 15 * 60_000
const hash = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex")
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()

/** AWS's percent-encoding: everything but RFC 3986's unreserved characters. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

const headerClaim = (request: WireRequest): Claim | undefined => {
  const found = /^AWS4-HMAC-SHA256\s+(.*)$/.exec(headerOf(request, "authorization") ?? "")
  if (found === null) return undefined
  const parts = new Map(
    (found[1] ?? "").split(",").map((part) => {
      const at = part.indexOf("=")
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()] as const
    })
  )
  const [accessKeyId = "", ...scope] = (parts.get("Credential") ?? "").split("/")
  return {
    accessKeyId,
    scope: scope.join("/"),
    signedHeaders: (parts.get("SignedHeaders") ?? "").split(";"),
    signature: parts.get("Signature") ?? "",
    date: headerOf(request, "x-amz-date") ?? "",
    query: request.rawQuery,
    expiresAt: undefined
  }
}

const dateOf = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"))

const presignedClaim = (request: WireRequest): Claim | undefined => {
  const { query } = request
  if (query.get("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256") return undefined
  const [accessKeyId = "", ...scope] = (query.get("X-Amz-Credential") ?? "").split("/")
  const date = query.get("X-Amz-Date") ?? ""
  return {
    accessKeyId,
    scope: scope.join("/"),
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: query.get("X-Amz-Signature") ?? "",
    date,
    query: request.rawQuery
      .split("&")
      .filter((part) => !part.startsWith("X-Amz-Signature="))
      .join("&"),
    expiresAt: dateOf(date) + Number(query.get("X-Amz-Expires") ?? "0") * 1000
  }
}

const canonicalQuery = (raw: string): string =>
  raw
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const at = part.indexOf("=")
      const [name, value] = at === -1 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)]
      const decode = (text: string): string => decodeURIComponent(text.replace(/\+/g, "%20"))
      return [encoded(decode(name)), encoded(decode(value))] as const
    })
    .toSorted(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")

/** S3 signs the path as it is sent; every other service encodes each segment once more. */
const canonicalPath = (path: string, service: string): string =>
  service === "s3" ? path : path.split("/").map(encoded).join("/")

const signatureOf = (request: WireRequest, claim: Claim, payload: string, secret: string): string => {
  const [day = "", region = "", service = ""] = claim.scope.split("/")
  const headers = claim.signedHeaders
    .map((name) => `${name}:${(headerOf(request, name) ?? "").trim().replace(/\s+/g, " ")}\n`)
    .join("")
  const canonical = [
    request.method,
    canonicalPath(request.path, service),
    canonicalQuery(claim.query),
    headers,
    claim.signedHeaders.join(";"),
    payload
  ].join("\n")
  const toSign = ["AWS4-HMAC-SHA256", claim.date, claim.scope, hash(canonical)].join("\n")
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), "aws4_request")
  return hmac(key, toSign).toString("hex")
}

const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

const refusedFor = (service: string, code: string, s3Code: string, text: string): AwsFault =>
  awsFault(service === "s3" ? s3Code : code, text, { status: 403 })

/** The claim of a request, unchecked: which service it is meant for. */
export const signingService = (request: WireRequest): string | undefined =>
  (headerClaim(request) ?? presignedClaim(request))?.scope.split("/")[2]

/**
 * Checks Signature Version 4, in the header or in the query. `body` is the body where it was read already; what is
 * streamed is checked against the signed digest by whoever reads it.
 */
export const verifySignature = Effect.fnUntraced(function* (
  request: WireRequest,
  body: Buffer | undefined,
  lookUp: LookUp
): Effect.fn.Return<Signed, AwsFault> {
  const claim = headerClaim(request) ?? presignedClaim(request)
  if (claim === undefined)
    return yield* awsFault("MissingAuthenticationToken", "Request is missing Authentication Token", { status: 403 })
  const [, region = "", service = ""] = claim.scope.split("/")
  const token = headerOf(request, "x-amz-security-token") ?? request.query.get("X-Amz-Security-Token") ?? undefined
  const credential = lookUp(claim.accessKeyId, token)
  if (credential === undefined)
    return yield* refusedFor(
      service,
      "UnrecognizedClientException",
      "InvalidAccessKeyId",
      "The security token included in the request is invalid."
    )
  if (token !== credential.sessionToken)
    return yield* refusedFor(
      service,
      "UnrecognizedClientException",
      "InvalidToken",
      "The security token included in the request is invalid."
    )
  const signedAt = dateOf(claim.date)
  const expired =
    claim.expiresAt === undefined ? Math.abs(Date.now() - signedAt) > SKEW_MILLIS : Date.now() > claim.expiresAt
  if (Number.isNaN(signedAt) || expired)
    return yield* refusedFor(
      service,
      "InvalidSignatureException",
      "RequestTimeTooSkewed",
      `Signature expired: ${claim.date}`
    )
  const isPresigned = claim.expiresAt !== undefined
  const announced = headerOf(request, "x-amz-content-sha256")
  const payload = announced ?? (isPresigned ? "UNSIGNED-PAYLOAD" : hash(body ?? Buffer.alloc(0)))
  const isDigest = /^[0-9a-f]{64}$/.test(payload)
  if (body !== undefined && isDigest && payload !== hash(body))
    return yield* refusedFor(
      service,
      "InvalidSignatureException",
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed."
    )
  if (!isSame(signatureOf(request, claim, payload, credential.secret), claim.signature))
    return yield* refusedFor(
      service,
      "InvalidSignatureException",
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."
    )
  return { accessKeyId: claim.accessKeyId, region, service, credential, payload }
})
