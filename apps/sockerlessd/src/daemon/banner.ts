import { version } from "../cli/version.ts"
import type { Config } from "../config/config.ts"
import { hostText } from "../config/hosts.ts"
import type { HeldSocket } from "../launch/launch-order.ts"

const clientLines = (socket: HeldSocket, config: Config): ReadonlyArray<string> => {
  const address = hostText(socket.host)
  if (socket.host.kind === "fd") return []
  if (socket.kind !== "tls") return [`export DOCKER_HOST=${address}`]
  const name =
    config.tls?.verify === true ? "export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=<client certificates>" : "DOCKER_TLS=1"
  return [`${name} DOCKER_HOST=${address}`]
}

/** What a person sees when the daemon is ready: what it is, where it is, and how to point a client at it. */
export const bannerLines = (
  config: Config,
  sockets: ReadonlyArray<HeldSocket>,
  backends: ReadonlyArray<string>,
  readyMillis: number
): ReadonlyArray<string> => {
  const [first] = sockets
  const where = sockets.map((socket) => hostText(socket.host)).join(", ")
  const context =
    first === undefined || first.host.kind === "fd" || first.kind === "tls"
      ? []
      : [
          `  or        docker context create sockerless --docker host=${hostText(first.host)} && docker context use sockerless`
        ]
  return [
    `Sockerless ${version} is ready after ${readyMillis} ms`,
    `  backend   ${backends.join(", ")} (default ${config.defaultRuntime})`,
    `  listening ${where}`,
    ...sockets.flatMap((socket) => clientLines(socket, config)).map((line) => `  client    ${line}`),
    ...context,
    `  state     ${config.dataRoot} (daemon pid in ${config.pidfile})`,
    ...(config.metrics === undefined ? [] : [`  metrics   http://${config.metrics.ip}:${config.metrics.port}/metrics`])
  ]
}
