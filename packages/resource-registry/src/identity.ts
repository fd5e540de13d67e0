import { createHmac, randomBytes } from "node:crypto"

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

const base32 = (bytes: Uint8Array): string => {
  let text = ""
  let buffered = 0
  let bits = 0
  for (const byte of bytes) {
    buffered = (buffered << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET.charAt((buffered >> bits) & 31)
    }
    buffered &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + ALPHABET.charAt((buffered << (5 - bits)) & 31)
}

/** A new operation's id: 26 characters that sort by time, lower-case. */
export const operationId = (nowMillis: number): string => {
  let time = ""
  for (let left = nowMillis, digit = 0; digit < 10; digit++, left = Math.floor(left / 32)) {
    time = ALPHABET.charAt(left % 32) + time
  }
  return time + base32(randomBytes(10))
}

/** What every name of this instance starts with, so that even what cannot carry tags shows its owner. */
export const namePrefix = (instance: string): string => `skls-${instance.slice(0, 8)}-`

/** Who a resource is before it exists. The same operation and step give the same identity after every crash. */
export interface Identity {
  readonly operation: string
  readonly step: string
  /** Lower-case letters, digits and `-`, at most 63 characters, starts with `skls-<first 8 of the instance>-`. */
  readonly name: string
  /** 52 characters `[0-9a-z]` to give to the place as idempotency token. */
  readonly token: string
  readonly epoch: number
}

/** Derives a step's identity; nothing in it is random. */
export const identityOf = (of: {
  readonly instance: string
  readonly operation: string
  readonly step: string
  readonly epoch: number
  readonly name?: string
}): Identity => {
  const token = base32(createHmac("sha256", of.instance).update(`${of.operation}|${of.step}`).digest())
  return {
    operation: of.operation,
    step: of.step,
    name: of.name ?? `${namePrefix(of.instance)}${token.slice(0, 16)}`,
    token,
    epoch: of.epoch
  }
}
