import { isIP } from "node:net"
import { hostname } from "node:os"

/** One name a server certificate is valid for. */
export type SubjectName = { readonly type: "dns" | "ip"; readonly value: string }

/** The names given by `--hosts`, or this host's and loopback's. */
export const subjectNames = (hosts: string | undefined): ReadonlyArray<SubjectName> => {
  const given = hosts
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
  const all = given ?? [hostname()]
  return [...new Set([...all, "localhost", "127.0.0.1", "::1"])].map((value) => ({
    type: isIP(value) === 0 ? "dns" : "ip",
    value
  }))
}
