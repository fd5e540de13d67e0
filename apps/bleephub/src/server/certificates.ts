import { existsSync } from "node:fs"
import { readFile, rename, writeFile } from "node:fs/promises"
import { isIP } from "node:net"
import { webcrypto, X509Certificate } from "node:crypto"
import { join } from "node:path"

/** A certificate with its private key, both in PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface Certificates extends Pair {
  /** The authority that clients have to trust. */
  readonly authorityFile: string
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const
const DAY_MILLIS = 86_400_000
const DAYS = 3650
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
const NAMES = ["localhost", "bleephub.localhost", "*.bleephub.localhost", "*.localhost", "127.0.0.1", "::1"]

/** Writes a file whole or not at all. */
const writeWhole = async (file: string, text: string): Promise<void> => {
  await writeFile(`${file}.new`, text, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

const namesWith = (host: string) =>
  [...new Set([...NAMES, host])].map((value) => ({
    type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const),
    value
  }))

const covers = (cert: string, host: string): boolean => {
  const known = new X509Certificate(cert)
  return (isIP(host) === 0 ? known.checkHost(host) : known.checkIP(host)) !== undefined
}

const make = async (
  host: string
): Promise<{ readonly authority: string; readonly cert: string; readonly key: string }> => {
  // Making certificates needs a library that a start with certificates must not pay for.
  await import("reflect-metadata")
  const x509 = await import("@peculiar/x509")
  x509.cryptoProvider.set(webcrypto)
  const now = Date.now()
  // A day back: a client whose clock is a little behind must not refuse us.
  const validity = { notBefore: new Date(now - DAY_MILLIS), notAfter: new Date(now + DAYS * DAY_MILLIS) }
  const serialNumber = () => `1${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString("hex")}`
  const authorityKeys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=bleephub authority",
    ...validity,
    signingAlgorithm: algorithm,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true)
    ]
  })
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: "CN=bleephub",
    issuer: authority.subject,
    ...validity,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension([...namesWith(host)])
    ]
  })
  const exported = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)
  return {
    authority: `${authority.toString("pem")}\n`,
    cert: `${leaf.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(exported, "PRIVATE KEY")}\n`
  }
}

/**
 * The certificates of a state folder, made at the first start and again for a host they do not name. The authority's
 * own key is never written.
 */
export const certificatesIn = async (folder: string, host: string): Promise<Certificates> => {
  const [authorityFile = "", certFile = "", keyFile = ""] = ["ca.pem", "cert.pem", "key.pem"].map((name) =>
    join(folder, name)
  )
  // The certificate is written last, so its presence says that all three are there.
  if (!existsSync(certFile) || !covers(await readFile(certFile, "utf8"), host)) {
    const made = await make(host)
    await writeWhole(authorityFile, made.authority)
    await writeWhole(keyFile, made.key)
    await writeWhole(certFile, made.cert)
  }
  return { authorityFile, cert: await readFile(certFile, "utf8"), key: await readFile(keyFile, "utf8") }
}
