import { Effect } from "effect"
import { connect } from "node:net"
import { assert } from "vitest"
import type { NetworkSpec } from "../index.ts"
import { type Bench, eventually } from "./bench.ts"
import type { Row } from "./row.ts"
import { joining, plainNetwork } from "./spec.ts"

const PORT = 8080

const answerAt = (port: number): Effect.Effect<string, Error> =>
  Effect.callback((resume) => {
    let text = ""
    const socket = connect(port, "127.0.0.1")
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
    socket.once("error", (error) => resume(Effect.fail(error)))
    socket.once("end", () => resume(text === "" ? Effect.fail(new Error("no answer")) : Effect.succeed(text)))
    return Effect.sync(() => socket.destroy())
  })

/** A network of the test's own. */
const made = (bench: Bench) =>
  Effect.acquireRelease(bench.backend.networks.create(plainNetwork()), (network: NetworkSpec) =>
    Effect.orDie(bench.backend.networks.remove(network.id))
  )

/** Networks and published ports. */
export const networks = {
  networks: {
    promise: "a network gets a subnet, its members addresses; members come and go while they run",
    tests: {
      "made once, filled in, removed twice": (bench) =>
        Effect.gen(function* () {
          const network = yield* made(bench)
          assert.match(network.ipam.pools[0]?.subnet ?? "", /^\d+\.\d+\.\d+\.\d+\/\d+$/)
          assert.match(network.ipam.pools[0]?.gateway ?? "", /^\d+\.\d+\.\d+\.\d+$/)
          assert.deepStrictEqual(yield* bench.backend.networks.create(network), network)
          yield* bench.backend.networks.remove(network.id)
        }),
      members: (bench) =>
        Effect.gen(function* () {
          const first = yield* made(bench)
          const second = yield* made(bench)
          const member = yield* bench.running(
            { do: "idle" },
            { network: joining(first) },
            { networks: [first, second] }
          )
          const facts = member.started.endpoints[first.id]
          assert.match(facts?.ipAddress ?? "", /^\d+\.\d+\.\d+\.\d+$/)
          assert.strictEqual(facts?.gateway, first.ipam.pools[0]?.gateway)
          assert.match(facts?.macAddress ?? "", /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
          const [endpoint] = Object.values(joining(second).endpoints)
          if (endpoint === undefined) throw new Error("no endpoint")
          const added = yield* bench.backend.networks.connect(member.launch, member.handle, endpoint)
          assert.notStrictEqual(added.facts.ipAddress, facts?.ipAddress)
          yield* bench.backend.networks.disconnect(member.launch, added.handle, second.id)
          yield* bench.backend.networks.disconnect(member.launch, added.handle, second.id)
          yield* bench.backend.remove(member.launch.spec.id, member.handle)
        })
    },
    refused: {
      operation: "user-defined networks",
      attempt: (bench) => bench.backend.networks.create(plainNetwork())
    }
  },
  "published ports": {
    promise: "a published port answers once the start has returned, and a free one is chosen where none is named",
    tests: {
      "over TCP": (bench) =>
        Effect.gen(function* () {
          const network = yield* made(bench)
          const served = yield* bench.running(
            { do: "serve", port: PORT, text: "served" },
            {
              network: joining(network, {
                portBindings: [{ containerPort: PORT, protocol: "tcp", hostIp: "127.0.0.1", hostPort: "" }]
              })
            },
            { networks: [network] }
          )
          const [port] = served.started.ports
          assert.deepStrictEqual([port?.containerPort, port?.protocol, port?.hostIp], [PORT, "tcp", "127.0.0.1"])
          const answer = yield* Effect.orDie(eventually(answerAt(port?.hostPort ?? 0)))
          assert.strictEqual(answer.trimEnd(), "served")
          yield* bench.backend.remove(served.launch.spec.id, served.handle)
        })
    },
    refused: {
      operation: "published ports",
      attempt: (bench) =>
        bench.backend.check(
          bench.launch(
            { do: "idle" },
            {
              network: joining(plainNetwork(), {
                portBindings: [{ containerPort: PORT, protocol: "tcp", hostIp: "", hostPort: "" }]
              })
            }
          ).spec
        )
    }
  }
} satisfies Readonly<Record<string, Row>>
