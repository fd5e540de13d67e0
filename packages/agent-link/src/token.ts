import { createHmac, timingSafeEqual } from "node:crypto"

/** What an agent shows to be let in as one run of one workload. Derived, so that no list of tokens must survive. */
export const tokenFor = (secret: string, subject: string, run: number): string =>
  createHmac("sha256", secret).update(`agent|${subject}|${run}`).digest("base64url")

/** Whether a shown token is that one; takes as long whatever is wrong with it. */
export const isToken = (secret: string, subject: string, run: number, shown: string): boolean => {
  const expected = Buffer.from(tokenFor(secret, subject, run))
  const given = Buffer.from(shown)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
