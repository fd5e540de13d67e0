import type { PortBinding, PublishedPort } from "@sockerless/backend-contract"
import { Effect } from "effect"
import { createServer, type Server } from "node:net"
import { ScriptedFault } from "./faults.ts"
import type { Workload } from "./workload.ts"

/** A published port; a TCP one is a real listener whose connections go to the script. */
export interface OpenPort {
  readonly port: PublishedPort
  readonly server: Server | undefined
}

const listen = (workload: Workload, binding: PortBinding): Effect.Effect<OpenPort, ScriptedFault> =>
  Effect.callback((resume) => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy())
      const accept = workload.acceptors.get(binding.containerPort)
      if (accept === undefined) socket.destroy()
      else accept(socket)
    })
    const host = binding.hostIp === "" ? "0.0.0.0" : binding.hostIp
    const wanted = Number(binding.hostPort || "0")
    server.once("error", () =>
      resume(
        Effect.fail(
          new ScriptedFault({
            kind: "failed",
            text: `failed to set up container networking: driver failed programming external connectivity on endpoint ${workload.launch.spec.name}: Bind for ${host}:${wanted} failed: port is already allocated`
          })
        )
      )
    )
    server.listen(wanted, host, () => {
      const address = server.address()
      const hostPort = typeof address === "object" && address !== null ? address.port : wanted
      resume(Effect.succeed({ server, port: { ...binding, hostIp: host, hostPort } }))
    })
  })

const portOf = (workload: Workload, binding: PortBinding): Effect.Effect<OpenPort, ScriptedFault> =>
  binding.protocol === "tcp"
    ? listen(workload, binding)
    : Effect.succeed({
        server: undefined,
        port: { ...binding, hostIp: binding.hostIp || "0.0.0.0", hostPort: Number(binding.hostPort || "53000") }
      })

/** Opens every port a workload publishes, or none. */
export const openPorts = (workload: Workload): Effect.Effect<ReadonlyArray<OpenPort>, ScriptedFault> =>
  Effect.gen(function* () {
    const opened: Array<OpenPort> = []
    yield* Effect.forEach(workload.launch.spec.network.portBindings, (binding) =>
      Effect.tap(portOf(workload, binding), (port) => Effect.sync(() => opened.push(port)))
    ).pipe(Effect.tapError(() => Effect.sync(() => opened.forEach(({ server }) => server?.close()))))
    return opened
  })
