/** A `WWW-Authenticate` challenge of a registry (distribution's token specification). */
export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service: string; readonly scope: string }

/** A longer challenge is none; reading it would take its square in time. */
const HEADER_CHARS = 4096

/** Reads the header; undefined for schemes no registry uses. */
export const parseChallenge = (header: string): Challenge | undefined => {
  if (/^basic\b/i.test(header)) return { scheme: "basic" }
  if (!/^bearer\b/i.test(header)) return undefined
  const parameters = new Map(
    [...header.slice(0, HEADER_CHARS).matchAll(/(\w+)="([^"]*)"/g)].map(
      ([, key = "", value = ""]) => [key.toLowerCase(), value] as const
    )
  )
  const realm = parameters.get("realm")
  if (realm === undefined) return undefined
  return { scheme: "bearer", realm, service: parameters.get("service") ?? "", scope: parameters.get("scope") ?? "" }
}
