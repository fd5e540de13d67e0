import { isIP } from "node:net"
import { resolve } from "node:path"
import type { Given } from "../cli/parse.ts"
import { type Runtimes, runtimesOf } from "./runtimes.ts"
import { type Host, hostText, isLoopback, parseAddress, parseHost, type Wrong } from "./hosts.ts"

export const DEFAULT_SOCKET = "/run/sockerless.sock"
export const DEFAULT_DATA_ROOT = "/var/lib/sockerless"
const DEFAULT_EXEC_ROOT = "/run/sockerless"
export const DEFAULT_TLS_DIR = "/etc/sockerless/tls"

const logLevels = ["debug", "info", "warn", "error", "fatal"] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFormat = "json" | "pretty"

/** Everything the daemon was told, checked. Plain JSON, because the launcher hands it to the daemon's process. */
export interface Config {
  readonly hosts: ReadonlyArray<Host>
  readonly dataRoot: string
  readonly execRoot: string
  readonly pidfile: string
  readonly group: string | undefined
  readonly defaultRuntime: string
  readonly runtimes: Runtimes
  readonly insecureRegistries: ReadonlyArray<string>
  readonly registryMirrors: ReadonlyArray<string>
  readonly dns: ReadonlyArray<string>
  readonly bip: string | undefined
  readonly mtu: number | undefined
  readonly tls: Tls | undefined
  readonly allowedHosts: ReadonlyArray<string>
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat | undefined
  readonly metrics: { readonly ip: string; readonly port: number } | undefined
}

/** Certificates of the TCP listeners; with `verify` every client must show one signed by `ca`. */
export interface Tls {
  readonly verify: boolean
  readonly ca: string
  readonly cert: string
  readonly key: string
}

const tlsOf = (given: Given): Tls | undefined => {
  const text = (name: string, file: string) => resolve(given.texts.get(name) ?? `${DEFAULT_TLS_DIR}/server/${file}`)
  const verify = given.switches.get("tlsverify") === true
  if (!verify && given.switches.get("tls") !== true) return undefined
  return { verify, ca: text("tlscacert", "ca.pem"), cert: text("tlscert", "cert.pem"), key: text("tlskey", "key.pem") }
}

const exposed = (hosts: ReadonlyArray<Host>, tls: Tls | undefined): Wrong | undefined => {
  const open = hosts.find((host) => host.kind === "tcp" && !isLoopback(host.ip))
  if (open === undefined || tls?.verify === true) return undefined
  return {
    wrong: `refusing to listen on ${hostText(open)}: whoever reaches it would be root on this machine. Make certificates with "sockerlessd tls init" and add --tlsverify, or listen on tcp://127.0.0.1 or a unix socket`
  }
}

const checkValues = (given: Given): Wrong | undefined => {
  const level = given.texts.get("log-level")
  if (level !== undefined && !logLevels.some((known) => known === level)) {
    return { wrong: `invalid log level "${level}": use ${logLevels.join(", ")}` }
  }
  const format = given.texts.get("log-format")
  if (format !== undefined && format !== "json" && format !== "pretty" && format !== "text") {
    return { wrong: `invalid log format "${format}": use pretty or json` }
  }
  const mtu = given.texts.get("mtu")
  if (mtu !== undefined && !(/^\d+$/.test(mtu) && Number(mtu) >= 68 && Number(mtu) <= 65535)) {
    return { wrong: `invalid mtu "${mtu}": use a number within 68 and 65535` }
  }
  const server = (given.lists.get("dns") ?? []).find((ip) => isIP(ip) === 0)
  if (server !== undefined) return { wrong: `invalid dns server "${server}": it is not an IP address` }
  const bip = given.texts.get("bip")
  if (bip !== undefined && !/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(bip)) {
    return { wrong: `invalid bip "${bip}": write an address with its prefix, as 172.17.0.1/16` }
  }
  return undefined
}

const logFormatOf = (given: Given): LogFormat | undefined => {
  const format = given.texts.get("log-format")
  if (format === undefined) return undefined
  return format === "json" ? "json" : "pretty"
}

/** Checks what was given and fills in defaults. */
export const configOf = (given: Given): Config | Wrong => {
  const wrongValue = checkValues(given)
  if (wrongValue !== undefined) return wrongValue
  const tls = tlsOf(given)
  const hosts: Array<Host> = []
  for (const text of given.lists.get("host") ?? [`unix://${DEFAULT_SOCKET}`]) {
    const host = parseHost(text, tls !== undefined)
    if ("wrong" in host) return host
    hosts.push(host)
  }
  const wrongHost = exposed(hosts, tls)
  if (wrongHost !== undefined) return wrongHost
  const metricsText = given.texts.get("metrics-addr")
  const metrics = metricsText === undefined ? undefined : parseAddress(metricsText)
  if (metrics !== undefined && "wrong" in metrics) return metrics
  const runtimes = runtimesOf(given.runtimes)
  if ("wrong" in runtimes) return runtimes
  const defaultRuntime = given.texts.get("default-runtime") ?? "local"
  if (defaultRuntime !== "local") {
    return {
      wrong: `default-runtime "${defaultRuntime}": networks and volumes live on this machine, so the default is local; name others with docker run --runtime`
    }
  }
  const execRoot = resolve(given.texts.get("exec-root") ?? DEFAULT_EXEC_ROOT)
  const mtu = given.texts.get("mtu")
  const level = given.switches.get("debug") === true ? "debug" : given.texts.get("log-level")
  return {
    hosts,
    dataRoot: resolve(given.texts.get("data-root") ?? DEFAULT_DATA_ROOT),
    execRoot,
    pidfile: resolve(given.texts.get("pidfile") ?? `${execRoot}/sockerlessd.pid`),
    group: given.texts.get("group"),
    runtimes,
    defaultRuntime,
    insecureRegistries: given.lists.get("insecure-registry") ?? [],
    registryMirrors: given.lists.get("registry-mirror") ?? [],
    dns: given.lists.get("dns") ?? [],
    bip: given.texts.get("bip"),
    mtu: mtu === undefined ? undefined : Number(mtu),
    tls,
    allowedHosts: given.lists.get("allowed-host") ?? [],
    logLevel: logLevels.find((known) => known === level) ?? "info",
    logFormat: logFormatOf(given),
    metrics
  }
}
