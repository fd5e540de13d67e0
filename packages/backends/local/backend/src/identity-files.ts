import type { Launch } from "@sockerless/backend-contract"
import { hostnameFile, hostsFile, resolvConfFile } from "@sockerless/oci-runtime"
import { readFile, writeFile } from "node:fs/promises"
import type { LocalContext } from "./context.ts"
import { attempt } from "./faults.ts"
import type { LaunchRecord } from "./launch-record.ts"

const hostFile = (path: string): Promise<string> =>
  readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return ""
    throw error
  })

/** Writes /etc/hosts, /etc/hostname and /etc/resolv.conf of a container that has a network of its own or the host's. */
export const writeIdentityFiles = (context: LocalContext, launch: Launch, record: LaunchRecord) => {
  const { spec } = launch
  const { network } = spec
  return attempt(`write the network files of ${spec.id}`, async () => {
    // A joined network shows the files of its owner.
    if (network.mode.startsWith("container:")) return
    const files = context.paths.container(spec.id)
    const onHost = network.mode === "host"
    const gateway = record.endpoints[0]?.gateway
    const own = record.endpoints.map((endpoint) => ({ ip: endpoint.ip, names: [spec.hostname] }))
    await writeFile(
      files.hosts,
      hostsFile({
        base: onHost ? await hostFile("/etc/hosts") : undefined,
        hostname: spec.hostname,
        domainname: spec.domainname,
        own,
        extraHosts: network.extraHosts,
        hostGateway: gateway
      })
    )
    await writeFile(files.hostname, onHost ? `${spec.hostname}\n` : hostnameFile(spec.hostname))
    await writeFile(
      files.resolvConf,
      resolvConfFile({
        host: await hostFile("/etc/resolv.conf"),
        kind: onHost ? "host" : context.networks.usesResolver(record) ? "user-defined" : "default",
        dns: network.dns.length > 0 ? network.dns : context.options.dns,
        search: network.dnsSearch,
        options: network.dnsOptions
      })
    )
  })
}
