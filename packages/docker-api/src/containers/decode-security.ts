import type { WireHostConfig } from "../wire/create-request.ts"

/** `SecurityOpt` in our words, or what is wrong with it. */
export type Security =
  | { readonly seccomp: string; readonly noNewPrivileges: boolean; readonly unmasked: boolean }
  | { readonly problem: string }

/** Reads `SecurityOpt`: the profiles Docker knows, both separators it accepts. */
export const readSecurity = (options: ReadonlyArray<string> | null): Security => {
  let seccomp = "default"
  let noNewPrivileges = false
  let unmasked = false
  for (const option of options ?? []) {
    if (option === "no-new-privileges") {
      noNewPrivileges = true
      continue
    }
    if (option === "disable") continue
    const at = option.includes("=") ? option.indexOf("=") : option.indexOf(":")
    if (at < 0) return { problem: `invalid --security-opt 1: "${option}"` }
    const name = option.slice(0, at)
    const value = option.slice(at + 1)
    if (name === "seccomp") seccomp = value === "builtin" ? "default" : value
    else if (name === "no-new-privileges") noNewPrivileges = value !== "false" && value !== "0"
    else if (name === "systempaths" && value === "unconfined") unmasked = true
    else if (name === "apparmor" && value !== "unconfined" && value !== "docker-default") {
      return { problem: `AppArmor is not enabled on the host: leave --security-opt ${option} out` }
    } else if (name === "label" && value !== "disable") {
      return { problem: `SELinux is not enabled on the host: leave --security-opt ${option} out` }
    } else if (name !== "apparmor" && name !== "label") return { problem: `invalid --security-opt 2: "${option}"` }
  }
  return { seccomp, noNewPrivileges, unmasked }
}

const validIpc = /^(?:private|shareable|host|none|container:.+)$/

/** What is wrong with the namespace modes, with dockerd's words. */
export const namespaceProblem = (hostConfig: WireHostConfig): string | undefined => {
  if (hostConfig.IpcMode !== "" && !validIpc.test(hostConfig.IpcMode)) return `invalid IPC mode: ${hostConfig.IpcMode}`
  if (!/^(?:|host|container:.+)$/.test(hostConfig.PidMode)) return `invalid PID mode: ${hostConfig.PidMode}`
  if (!/^(?:|host)$/.test(hostConfig.UTSMode)) return `invalid UTS mode: ${hostConfig.UTSMode}`
  if (!/^(?:|private|host)$/.test(hostConfig.CgroupnsMode)) {
    return `invalid CgroupNS mode: ${hostConfig.CgroupnsMode}`
  }
  return undefined
}
