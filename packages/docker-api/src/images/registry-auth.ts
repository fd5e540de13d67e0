import type { RegistryAuth } from "@sockerless/images"
import type { IncomingMessage } from "node:http"
import { struct, text } from "../wire/go-json.ts"

/** Docker's `AuthConfig`. */
export const authConfig = struct({
  username: text,
  password: text,
  auth: text,
  email: text,
  serveraddress: text,
  identitytoken: text,
  registrytoken: text
})

/** `auth` is base64 of `user:password` and fills in what is not given apart. */
export const registryAuthOf = (given: ReturnType<typeof authConfig>): RegistryAuth => {
  const [user = "", ...rest] = Buffer.from(given.auth, "base64").toString("utf8").split(":")
  return {
    username: given.username === "" ? user : given.username,
    password: given.password === "" ? rest.join(":") : given.password,
    serverAddress: given.serveraddress,
    identityToken: given.identitytoken,
    registryToken: given.registrytoken
  }
}

const parsed = (source: string): unknown => {
  try {
    return JSON.parse(source)
  } catch {
    // dockerd ignores a header it cannot read: the pull then goes on without credentials.
    return undefined
  }
}

/** `X-Registry-Auth`: base64 in either alphabet, with or without padding; undefined when nothing useful is in it. */
export const headerAuth = (request: IncomingMessage): RegistryAuth | undefined => {
  const header = request.headers["x-registry-auth"]
  if (typeof header !== "string" || header === "") return undefined
  const given = authConfig(parsed(Buffer.from(header, "base64url").toString("utf8")), "AuthConfig", {
    problem: undefined
  })
  return Object.values(given).every((value) => value === "") ? undefined : registryAuthOf(given)
}
