import { findOracle } from "@sockerless/e2e-kit"
import { execFileSync } from "node:child_process"
import { cpus, loadavg, release, totalmem } from "node:os"

/** The machine's load over the last minute. */
export const loadNow = (): string => (loadavg()[0] ?? 0).toFixed(1)

const versionOf = (program: string, path?: string): string =>
  execFileSync(program, ["--version"], {
    encoding: "utf8",
    env: { ...process.env, ...(path === undefined ? {} : { PATH: `${path}:${process.env["PATH"]}` }) }
  })
    .split("\n")[0]
    ?.trim() ?? ""

/** What a reader must know of the machine to judge the figures. */
export const machineFacts = (): ReadonlyArray<string> => {
  const oracle = findOracle()
  return [
    `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GiB of memory, Linux ${release()}`,
    `Node ${process.version}; ${versionOf("docker")}; ${versionOf("conmon").replaceAll("\n", " ")}; ${versionOf("crun")}`,
    oracle === undefined ? "no dockerd on this machine: our figures alone" : versionOf("dockerd", oracle)
  ]
}
