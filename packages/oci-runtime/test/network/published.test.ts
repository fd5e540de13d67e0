import { assert, describe, it } from "@effect/vitest"
import { inOwnMachine, missing } from "./in-own-machine.ts"

describe.skipIf(missing !== undefined)(`published ports${missing === undefined ? "" : ` (${missing})`}`, () => {
  for (const bridgeNetfilter of ["1", "0"])
    it(`reach the container from everywhere they should and from nowhere else, bridge netfilter ${bridgeNetfilter}`, async () => {
      const seen = await inOwnMachine("published", { BRIDGE_NETFILTER: bridgeNetfilter })
      assert.deepStrictEqual(
        seen.facts,
        [
          "address 172.17.0.2 02:42:ac:11:00:02",
          "outside tcp: hello",
          "outside udp: datagram",
          "host by loopback: hello",
          "host by loopback udp: datagram",
          "host by own address: hello",
          "loopback publish from the host: hello",
          "loopback publish from outside: nothing",
          "loopback publish by a forged route: nothing",
          "unpublished port by a forged route: nothing",
          "hairpin from a neighbour: hello",
          "hairpin from itself: hello",
          "hairpin by the gateway, udp: datagram",
          "container to container: hello",
          "container to outside: internet",
          "driver failed programming external connectivity on endpoint two (e2): Bind for 0.0.0.0:8080 failed: port is already allocated",
          "driver failed programming external connectivity on endpoint two (e2): failed to listen on TCP socket: address already in use",
          "range 8082, automatic in the ephemeral range: true",
          "automatic: hello",
          "withdrawn: nothing"
        ],
        seen.stderr
      )
      assert.strictEqual(seen.ended, 0)
    }, 40_000)
})
