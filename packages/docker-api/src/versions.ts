import type { Fault } from "@sockerless/faults"
import { BadRequest, PageNotFound } from "@sockerless/http-bridge"

/** The newest API this daemon speaks, which is what an unversioned path means. */
export const newestMinor = 51
/** The oldest API it promises; older ones down to `lenientMinor` are answered all the same. */
export const oldestMinor = 24
const lenientMinor = 12

/** What the path said. */
export interface ApiFacts {
  /** The API version is `1.<minor>`. */
  readonly minor: number
}

/** Splits `/v1.47/containers/json` into its version and the path that routes are matched on. */
export const splitVersion = (
  path: string
): { readonly path: string; readonly facts: ApiFacts } | { readonly refused: Fault } => {
  const found = /^\/v([0-9.]+)(\/.*)$/.exec(path)
  if (found === null)
    return path.startsWith("/") ? { path, facts: { minor: newestMinor } } : { refused: new PageNotFound() }
  const version = found[1] ?? ""
  const [major = 0, minor = 0] = version.split(".").map(Number)
  if (major > 1 || (major === 1 && minor > newestMinor)) {
    return {
      refused: new BadRequest({
        message: `client version ${version} is too new. Maximum supported API version is 1.${newestMinor}`
      })
    }
  }
  if (major < 1 || minor < lenientMinor) {
    return {
      refused: new BadRequest({
        message: `client version ${version} is too old. Minimum supported API version is 1.${oldestMinor}, please upgrade your client to a newer version`
      })
    }
  }
  return { path: found[2] ?? "/", facts: { minor } }
}
