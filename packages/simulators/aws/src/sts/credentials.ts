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
  readonly lookUp: (accessKeyId: string) => Credential | undefined
  /** Keys of a role's session; the session's name and role are in the token. */
  readonly assume: (roleName: string, session: string) => TemporaryKeys
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
const KEY_CHARACTERS = 16

/** Credentials of one account; `secret` is kept with the state. */
export const makeCredentials = (account: string, secret: string): Credentials => {
  const derive = (...words: ReadonlyArray<string>): Buffer =>
    createHmac("sha256", secret).update(words.join("\n")).digest()
  const sessions = new Map<string, Credential>()
  const assume = (roleName: string, session: string): TemporaryKeys => {
    const characters = [...derive("key", roleName, session)].map((byte) => BASE32[byte % BASE32.length]).join("")
    const accessKeyId = `ASIA${characters.slice(0, KEY_CHARACTERS)}`
    const keys = {
      accessKeyId,
      secretAccessKey: derive("secret", accessKeyId).toString("base64").slice(0, 40),
      sessionToken: Buffer.from(
        JSON.stringify([roleName, session, derive("token", accessKeyId).toString("hex")])
      ).toString("base64")
    }
    sessions.set(accessKeyId, {
      secret: keys.secretAccessKey,
      sessionToken: keys.sessionToken,
      arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${session}`,
      userId: `AROA${characters}:${session}`
    })
    return keys
  }
  const owner: Credential = {
    secret: OWNER_KEY.secretAccessKey,
    sessionToken: undefined,
    arn: `arn:aws:iam::${account}:user/owner`,
    userId: "AIDASIMULATEDOWNER00"
  }
  return {
    lookUp: (accessKeyId) => (accessKeyId === OWNER_KEY.accessKeyId ? owner : sessions.get(accessKeyId)),
    assume
  }
}
