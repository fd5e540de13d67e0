import { existsSync } from "node:fs"
import { isHybridCgroup } from "../launch/mount-namespace.ts"
import { run, which } from "./command.ts"
import { type Finding, missing, ok, warn } from "./finding.ts"
import { installCommand, type Tool } from "./packages.ts"

const firstLine = (text: string) => text.split("\n")[0]?.trim() ?? ""

interface Program {
  readonly topic: string
  readonly names: ReadonlyArray<string>
  readonly tool: Tool
  readonly why: string
  readonly needed: boolean
}

const programs: ReadonlyArray<Program> = [
  { topic: "runtime", names: ["crun", "runc"], tool: "runtime", why: "starts containers", needed: true },
  {
    topic: "monitor",
    names: ["conmon"],
    tool: "conmon",
    why: "keeps containers and logs while the daemon is dead",
    needed: true
  },
  { topic: "nft", names: ["nft"], tool: "nft", why: "NAT and published ports", needed: true },
  { topic: "ip", names: ["ip"], tool: "ip", why: "bridges and container interfaces", needed: true },
  {
    topic: "util-linux",
    names: ["unshare", "nsenter", "flock"],
    tool: "util-linux",
    why: "name spaces and the state lock",
    needed: true
  },
  { topic: "mount", names: ["mount"], tool: "mount", why: "container root file systems", needed: true },
  { topic: "tar", names: ["tar"], tool: "tar", why: "unpacks image layers", needed: true },
  { topic: "ps", names: ["ps"], tool: "procps", why: "docker top", needed: false },
  { topic: "init", names: ["tini", "docker-init", "catatonit"], tool: "tini", why: "docker run --init", needed: false }
]

/** All names of util-linux are needed; of other programs one of the names is enough. */
const found = (program: Program): ReadonlyArray<string> => program.names.flatMap((name) => which(name) ?? [])

const examine = async (program: Program, osRelease: string): Promise<Finding> => {
  const paths = found(program)
  const enough = program.tool === "util-linux" ? paths.length === program.names.length : paths.length > 0
  const [first] = paths
  if (enough && first !== undefined) {
    const versioned = program.topic === "runtime" || program.topic === "monitor"
    const version = versioned ? ` (${firstLine((await run(first, "--version")).stdout)})` : ""
    return ok(program.topic, `${paths.join(", ")}${version}`)
  }
  const text = `${program.names.join(" or ")} not found: ${program.why}`
  const mend = installCommand(program.tool, osRelease)
  return program.needed ? missing(program.topic, text, mend) : warn(program.topic, text, mend)
}

const hybridRuntime = (): ReadonlyArray<Finding> =>
  isHybridCgroup()
    ? [
        ok(
          "cgroup layout",
          "hybrid: the daemon hides the empty version 2 tree from the runtime in a mount namespace of its own"
        )
      ]
    : []

const SECCOMP_PROFILES = ["/usr/share/containers/seccomp.json", "/etc/containers/seccomp.json"]

const seccomp = (osRelease: string): Finding => {
  const profile = SECCOMP_PROFILES.find((path) => existsSync(path))
  return profile === undefined
    ? missing("seccomp", `no default profile in ${SECCOMP_PROFILES.join(" or ")}`, installCommand("seccomp", osRelease))
    : ok("seccomp", profile)
}

/** Every program the daemon calls, with the package that brings it. */
export const examinePrograms = async (osRelease: string): Promise<ReadonlyArray<Finding>> => [
  ...(await Promise.all(programs.map((program) => examine(program, osRelease)))),
  seccomp(osRelease),
  ...hybridRuntime()
]
