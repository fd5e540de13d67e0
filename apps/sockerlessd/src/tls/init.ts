import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join, resolve } from "node:path"
import type { Given } from "../cli/parse.ts"
import { DEFAULT_TLS_DIR } from "../config/config.ts"
import { makeAuthority, makeLeaf, type Pair } from "./certificates.ts"
import { subjectNames } from "./names.ts"

const DEFAULT_DAYS = 365

/** Replaces a file whole: a daemon that re-reads it sees the old one or the new one. */
const put = (file: string, text: string, mode: number) => {
  const draft = `${file}.new`
  writeFileSync(draft, text, { mode, flush: true })
  renameSync(draft, file)
}

const putSet = (folder: string, authority: Pair, pair: Pair) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  put(join(folder, "ca.pem"), authority.cert, 0o644)
  put(join(folder, "key.pem"), pair.key, 0o600)
  put(join(folder, "cert.pem"), pair.cert, 0o644)
}

const authorityIn = async (dir: string, force: boolean): Promise<Pair> => {
  const cert = join(dir, "ca.pem")
  const key = join(dir, "ca-key.pem")
  if (!force && existsSync(cert) && existsSync(key)) {
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") }
  }
  const made = await makeAuthority(`Sockerless CA ${hostname()}`)
  put(key, made.key, 0o600)
  put(cert, made.cert, 0o644)
  return made
}

/**
 * `sockerlessd tls init`: a CA, `server/` for the daemon and `client/` for DOCKER_CERT_PATH. Repeated, it keeps the CA
 * and renews both certificates.
 */
export const tlsInit = async (given: Given, say: (text: string) => void): Promise<number> => {
  const dir = resolve(given.texts.get("dir") ?? DEFAULT_TLS_DIR)
  const days = Number(given.texts.get("days") ?? DEFAULT_DAYS)
  if (!Number.isInteger(days) || days < 1 || days > 3650) {
    say(`sockerlessd: invalid --days "${given.texts.get("days")}": use a whole number within 1 and 3650`)
    return 2
  }
  const names = subjectNames(given.texts.get("hosts"))
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const authority = await authorityIn(dir, given.switches.get("force") === true)
  putSet(join(dir, "server"), authority, await makeLeaf(authority, "server", names, days))
  putSet(join(dir, "client"), authority, await makeLeaf(authority, "client", [], days))
  const server = join(dir, "server")
  const [first] = names
  say(`Wrote ${dir}: ca.pem and ca-key.pem (keep it secret), server/, client/
The server's certificate is valid for ${names.map((name) => name.value).join(", ")}, ${days} days.

Start the daemon:
  sockerlessd --tlsverify --tlscacert ${join(server, "ca.pem")} --tlscert ${join(server, "cert.pem")} --tlskey ${join(server, "key.pem")} -H tcp://0.0.0.0:2376

Copy client/ to the client's machine, there:
  export DOCKER_HOST=tcp://${first?.value ?? "localhost"}:2376 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=${join(dir, "client")}`)
  return 0
}
