import { Option, Schema } from "effect"
import { createHmac } from "node:crypto"
import type { Credential } from "../wire/signature.ts"

/** The keys that the account's owner uses; the simulator prints them at its start. */
export const OWNER_KEY = {
  accessKeyId: "AKIASIMULATEDOWNER00",
  secretAccessKey: "simulated-owner-secret-key-0000000000000"
}

interface TemporaryKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

/** Keys of the account. Temporary ones are derived, so that they outlive the simulator without being stored. */
export interface Credentials {
  /** The keys of an id; temporary ones are told by the token that came with them. */
  readonly lookUp: (accessKeyId: string, sessionToken: string | undefined) => Credential | undefined
  /** Keys of a role's session, always the same for the same two names. */
  readonly assume: (roleName: string, session: string) => TemporaryKeys
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
const KEY_CHARACTERS = 16
const SECRET_CHARACTERS = 40

const SessionName = Schema.fromJsonString(Schema.Tuple([Schema.String, Schema.String]))
const encodeName = Schema.encodeSync(SessionName)
const decodeName = Schema.decodeUnknownOption(SessionName)

/** A token is the names of role and session, readable, and a seal over them. */
const namesIn = (token: string): readonly [string, string] | undefined =>
  Option.getOrUndefined(decodeName(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()))

/** Credentials of one account; `secret` is kept with the state. */
export const makeCredentials = (account: string, secret: string): Credentials => {
  const derive = (...words: ReadonlyArray<string>): Buffer =>
    createHmac("sha256", secret).update(words.join("\n")).digest()
  const keyOf = (roleName: string, session: string): string =>
    [...derive("key", roleName, session)].map((byte) => BASE32[byte % BASE32.length]).join("")
  const assume = (roleName: string, session: string): TemporaryKeys => {
    const accessKeyId = `ASIA${keyOf(roleName, session).slice(0, KEY_CHARACTERS)}`
    const name = Buffer.from(encodeName([roleName, session])).toString("base64url")
    return {
      accessKeyId,
      secretAccessKey: derive("secret", accessKeyId).toString("base64").slice(0, SECRET_CHARACTERS),
      sessionToken: `${name}.${derive("token", accessKeyId).toString("hex")}`
    }
  }
  const owner: Credential = {
    secret: OWNER_KEY.secretAccessKey,
    sessionToken: undefined,
    arn: `arn:aws:iam::${account}:user/owner`,
    userId: "AIDASIMULATEDOWNER00"
  }
  return {
    assume,
    lookUp: (accessKeyId, sessionToken) => {
      if (accessKeyId === OWNER_KEY.accessKeyId) return owner
      const names = sessionToken === undefined ? undefined : namesIn(sessionToken)
      if (names === undefined) return undefined
      const keys = assume(...names)
      if (keys.accessKeyId !== accessKeyId) return undefined
      const [roleName, session] = names
      return {
        secret: keys.secretAccessKey,
        sessionToken: keys.sessionToken,
        arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${session}`,
        userId: `AROA${keyOf(roleName, session).slice(0, KEY_CHARACTERS)}:${session}`
      }
    }
  }
}
