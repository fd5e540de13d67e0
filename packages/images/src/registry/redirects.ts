import { imageFault } from "../faults.ts"

const HOPS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Hosts that are this machine. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])(:\d+)?$/.test(host)

/** Clouds keep credentials of the machine there. */
const isLinkLocal = (host: string): boolean => /^(169\.254\.\d+\.\d+|\[fe[89ab][0-9a-f]:|\[::ffff:a9fe:)/.test(host)

const refused = (from: URL, to: string, why: string) =>
  imageFault("failed", `${from.origin} redirects to ${to.slice(0, 256)}, which is ${why}`)

/** Where a redirect leads, when it may lead there: never off the web, to less safety, or into this machine's inside. */
const nextOf = (from: URL, location: string): URL => {
  if (!URL.canParse(location, from.href)) throw refused(from, JSON.stringify(location), "no address")
  const to = new URL(location, from)
  if (to.protocol !== "https:" && to.protocol !== "http:") throw refused(from, to.href, "not on the web")
  if (from.protocol === "https:" && to.protocol === "http:") throw refused(from, to.href, "not https any more")
  if (isLinkLocal(to.host)) throw refused(from, to.href, "an address of the machine's own cloud")
  if (isLoopback(to.host) && !isLoopback(from.host)) throw refused(from, to.href, "this machine")
  return to
}

/**
 * Follows redirects by our rules. `headersFor` says what each address may be told: credentials are for their own host.
 */
export const fetchFollowing = async (
  start: URL,
  init: RequestInit,
  headersFor: (url: URL) => Headers
): Promise<Response> => {
  let url = start
  for (let hop = 0; hop <= HOPS; hop++) {
    const response = await fetch(url, { ...init, headers: headersFor(url), redirect: "manual" })
    const location = response.headers.get("location")
    if (!REDIRECTS.has(response.status) || location === null) return response
    await response.body?.cancel()
    // A body that is a stream is spent; registries answer an upload with 202 and an address instead.
    if (init.body !== undefined && typeof init.body !== "string")
      throw refused(url, location, "not followed for an upload")
    url = nextOf(url, location)
  }
  throw imageFault("failed", `${start.origin} redirects more than ${HOPS} times`)
}
