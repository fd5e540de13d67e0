import "reflect-metadata"
import * as x509 from "@peculiar/x509"
import type { webcrypto } from "node:crypto"
import type { SubjectName } from "./names.ts"

/** A certificate with its private key, both in PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const
const DAY_MILLIS = 86_400_000
const CA_DAYS = 3650
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"

const useNodeCrypto = () => x509.cryptoProvider.set(crypto)

const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])

const keyPem = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`

const serial = () =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(16)))
    .toString("hex")
    .replace(/^./, "1")

const validity = (days: number) => {
  const now = Date.now()
  // One day back: a client whose clock is a little behind must not refuse us.
  return { notBefore: new Date(now - DAY_MILLIS), notAfter: new Date(now + days * DAY_MILLIS) }
}

/** Makes a certificate authority, valid for ten years. */
export const makeAuthority = async (name: string): Promise<Pair> => {
  useNodeCrypto()
  const keys = await newKeys()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    ...validity(CA_DAYS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)
    ]
  })
  return { cert: `${cert.toString("pem")}\n`, key: await keyPem(keys.privateKey) }
}

/** Makes a server or client certificate signed by an authority of ours. */
export const makeLeaf = async (
  authority: Pair,
  role: "server" | "client",
  names: ReadonlyArray<SubjectName>,
  days: number
): Promise<Pair> => {
  useNodeCrypto()
  const issuer = new x509.X509Certificate(authority.cert)
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(authority.key),
    algorithm,
    false,
    ["sign"]
  )
  const keys = await newKeys()
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=sockerless ${role}`,
    issuer: issuer.subject,
    ...validity(days),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([role === "server" ? SERVER_AUTH : CLIENT_AUTH]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...names])])
    ]
  })
  return { cert: `${cert.toString("pem")}\n`, key: await keyPem(keys.privateKey) }
}
