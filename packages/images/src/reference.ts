import { Effect } from "effect"
import { type ImageFault, imageFault } from "./faults.ts"

/** A full image reference: registry host, repository path, and a tag or a digest. */
export interface Reference {
  readonly domain: string
  readonly path: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

const DEFAULT_DOMAIN = "docker.io"
const NAME_LIMIT = 255
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*"
const PATH = new RegExp(`^${component}(?:/${component})*$`)
const DOMAIN =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/
const TAG = /^[\w][\w.-]{0,127}$/
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/

const invalidFormat = (): ImageFault => imageFault("invalid", "invalid reference format")

/** Docker's rule for "is the first part a registry": a dot, a port, `localhost`, or an upper-case letter in it. */
const isDomain = (part: string): boolean =>
  part.includes(".") || part.includes(":") || part === "localhost" || part.toLowerCase() !== part

const splitDomain = (name: string): { readonly domain: string; readonly path: string } => {
  const slash = name.indexOf("/")
  const first = slash === -1 ? "" : name.slice(0, slash)
  if (slash === -1 || !isDomain(first)) {
    return { domain: DEFAULT_DOMAIN, path: slash === -1 ? `library/${name}` : name }
  }
  const domain = first === "index.docker.io" ? DEFAULT_DOMAIN : first
  const rest = name.slice(slash + 1)
  return { domain, path: domain === DEFAULT_DOMAIN && !rest.includes("/") ? `library/${rest}` : rest }
}

/** Reads a reference by distribution's grammar, filling in Docker's defaults except the tag. */
export const parseReference = (text: string): Effect.Effect<Reference, ImageFault> => {
  if (/^[0-9a-f]{64}$/.test(text)) {
    return Effect.fail(
      imageFault("invalid", `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`)
    )
  }
  const at = text.indexOf("@")
  const digest = at === -1 ? undefined : text.slice(at + 1)
  const named = at === -1 ? text : text.slice(0, at)
  const colon = named.lastIndexOf(":")
  const hasTag = colon > named.lastIndexOf("/")
  const tag = hasTag ? named.slice(colon + 1) : undefined
  const name = hasTag ? named.slice(0, colon) : named
  if (name === "") return Effect.fail(invalidFormat())
  const { domain, path } = splitDomain(name)
  if (path.toLowerCase() !== path && PATH.test(path.toLowerCase())) {
    return Effect.fail(imageFault("invalid", `invalid reference format: repository name (${path}) must be lowercase`))
  }
  const wellFormed =
    PATH.test(path) &&
    DOMAIN.test(domain) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest))
  if (!wellFormed) return Effect.fail(invalidFormat())
  if (`${domain}/${path}`.length > NAME_LIMIT) {
    return Effect.fail(
      imageFault("invalid", `invalid reference format: repository name must not be more than ${NAME_LIMIT} characters`)
    )
  }
  return Effect.succeed({ domain, path, tag, digest })
}

/** The short form Docker shows: no `docker.io/library/`. */
export const familiarName = (reference: Pick<Reference, "domain" | "path">): string => {
  if (reference.domain !== DEFAULT_DOMAIN) return `${reference.domain}/${reference.path}`
  return reference.path.startsWith("library/") ? reference.path.slice("library/".length) : reference.path
}

/** The reference as the store keys it; a missing tag is `latest`. */
export const canonical = (reference: Reference): string => {
  const name = `${reference.domain}/${reference.path}`
  return reference.digest === undefined ? `${name}:${reference.tag ?? "latest"}` : `${name}@${reference.digest}`
}

/** A stored reference as Docker shows it. */
export const familiar = (stored: string): string =>
  stored.startsWith("docker.io/library/")
    ? stored.slice("docker.io/library/".length)
    : stored.startsWith("docker.io/")
      ? stored.slice("docker.io/".length)
      : stored
