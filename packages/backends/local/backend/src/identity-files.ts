import type { Launch } from "@sockerless/backend-contract"
import { extraHostLines, hostnameFile, hostsFile, resolvConfFile } from "@sockerless/oci-runtime"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import type { LocalContext } from "./context.ts"
import { attempt } from "./faults.ts"
import type { LaunchRecord } from "./launch-record.ts"

const hostFile = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "")

/** Where `host-gateway` leads a container that shares the host's network: the host itself. */
const LOOPBACK = "127.0.0.1"

/** Writes /etc/hosts, /etc/hostname and /etc/resolv.conf of a container that has a network of its own or the host's. */
export const writeIdentityFiles = (context: LocalContext, launch: Launch, record: LaunchRecord) => {
  const { spec } = launch
  const { network } = spec
  return attempt(`write the network files of ${spec.id}`, async () => {
    // A joined network shows the files of its owner.
    if (network.mode.startsWith("container:")) return
    const files = context.paths.container(spec.id)
    const onHost = network.mode === "host"
    const usesResolver = context.networks.usesResolver(record)
    writeFileSync(
      files.hosts,
      onHost
        ? hostFile("/etc/hosts") + extraHostLines(network.extraHosts, LOOPBACK)
        : hostsFile({
            hostname: spec.hostname,
            domainname: spec.domainname,
            addresses: record.endpoints.map((endpoint) => endpoint.ip),
            extraHosts: network.extraHosts,
            hostGateway: record.endpoints[0]?.gateway ?? LOOPBACK
          })
    )
    writeFileSync(files.hostname, hostnameFile(spec.hostname))
    writeFileSync(
      files.resolvConf,
      resolvConfFile({
        mode: onHost ? "host" : usesResolver ? "embedded" : "copied",
        hostText: hostFile("/etc/resolv.conf"),
        servers: network.dns.length > 0 ? network.dns : context.options.dns,
        search: network.dnsSearch,
        options: network.dnsOptions
      })
    )
  })
}
