import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeAddresses } from "../../src/network/addresses.ts"
import { hostsFile, planSubnet, resolvConfFile } from "../../src/network/index.ts"

const nobody = { networks: [], host: [] }

describe("subnets", () => {
  it.effect("come from Docker's pools, past what networks and the host's routes use", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* planSubnet({}, nobody)).subnet, "172.17.0.0/16")
      const next = yield* planSubnet({}, { networks: ["172.17.0.0/16"], host: ["172.18.5.0/24"] })
      assert.deepStrictEqual(next, { subnet: "172.19.0.0/16", gateway: "172.19.0.1", auxAddresses: {} })
      const late = yield* planSubnet({}, { networks: ["172.16.0.0/12"], host: ["192.168.0.0/24"] })
      assert.strictEqual(late.subnet, "192.168.16.0/20")
    })
  )
  it.effect("are refused in Docker's words", () =>
    Effect.gen(function* () {
      const overlap = yield* Effect.flip(planSubnet({ subnet: "10.1.0.0/24" }, { networks: ["10.0.0.0/8"], host: [] }))
      assert.strictEqual(overlap.message, "Pool overlaps with other one on this address space")
      const full = yield* Effect.flip(planSubnet({}, { networks: ["172.16.0.0/12", "192.168.0.0/16"], host: [] }))
      assert.strictEqual(
        full.message,
        "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"
      )
    })
  )
  it.effect("give the lowest free address, and honour range, gateway and auxiliary addresses", () =>
    Effect.gen(function* () {
      const addresses = makeAddresses()
      const plan = yield* planSubnet(
        { subnet: "10.1.0.0/24", ipRange: "10.1.0.16/30", gateway: "10.1.0.16", auxAddresses: { router: "10.1.0.17" } },
        nobody
      )
      addresses.open("n", plan)
      assert.strictEqual(yield* addresses.allocate("n"), "10.1.0.18")
      assert.strictEqual(yield* addresses.allocate("n"), "10.1.0.19")
      assert.match((yield* Effect.flip(addresses.allocate("n"))).message, /no available IPv4 addresses/)
      assert.strictEqual(yield* addresses.allocate("n", "10.1.0.99"), "10.1.0.99")
      assert.strictEqual((yield* Effect.flip(addresses.allocate("n", "10.1.0.99"))).message, "Address already in use")
      addresses.release("n", "10.1.0.18")
      assert.strictEqual(yield* addresses.allocate("n"), "10.1.0.18")
    })
  )
})

describe("files of a container", () => {
  it("/etc/hosts ends with the container itself, after the extra hosts", () => {
    const text = hostsFile({
      hostname: "web",
      domainname: "lan",
      addresses: ["172.17.0.2"],
      extraHosts: ["host.docker.internal:host-gateway", "six:2001:db8::1"],
      hostGateway: "172.17.0.1"
    })
    assert.deepStrictEqual(text.split("\n").slice(6), [
      "172.17.0.1\thost.docker.internal",
      "2001:db8::1\tsix",
      "172.17.0.2\tweb.lan web",
      ""
    ])
  })
  it("/etc/resolv.conf copies the host's without loopback servers, and falls back to public ones", () => {
    const given = { servers: [], search: [], options: [] }
    const hostText = "nameserver 127.0.0.53\nnameserver 10.0.0.1\nsearch lan\noptions edns0\n"
    assert.strictEqual(
      resolvConfFile({ ...given, mode: "copied", hostText }),
      "nameserver 10.0.0.1\nsearch lan\noptions edns0\n"
    )
    assert.strictEqual(
      resolvConfFile({ ...given, mode: "copied", hostText: "nameserver 127.0.0.53\n" }),
      "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"
    )
    assert.strictEqual(
      resolvConfFile({ ...given, mode: "embedded", hostText, servers: ["9.9.9.9"], search: ["."] }),
      "nameserver 127.0.0.11\noptions edns0 ndots:0\n"
    )
  })
})
