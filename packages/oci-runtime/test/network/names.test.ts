import { assert, describe, it } from "@effect/vitest"
import { inOwnMachine, missing } from "./in-own-machine.ts"

describe.skipIf(missing !== undefined)(`names${missing === undefined ? "" : ` (${missing})`}`, () => {
  it("are those of the asker's networks, the rest is forwarded, and an internal network asks nobody", async () => {
    const seen = await inOwnMachine("names")
    assert.deepStrictEqual(
      seen.facts,
      [
        "web udp A app: code 0 172.18.0.3",
        "web tcp A app: code 0 172.18.0.3",
        "web udp A WEB: code 0 172.18.0.2",
        "web udp A 0123456789ab: code 0 172.18.0.2",
        "web udp A app.front: code 0 172.18.0.3",
        "web udp A svc: code 0 172.18.0.3 172.18.0.4",
        "web udp AAAA app: code 0",
        "web udp PTR 3.0.18.172.in-addr.arpa: code 0 app.front",
        "web udp A db: code 3",
        "app udp A db: code 0 172.19.0.3",
        "web udp A example.test: code 0 192.0.2.1",
        "web udp A many.test: code 0 truncated",
        "web tcp A example.test: code 0 192.0.2.1",
        "vault udp A vault: code 0 172.20.0.2",
        "vault udp A example.test: code 2",
        "busybox: Address: 172.18.0.3",
        "web udp A svc: code 3"
      ],
      seen.stderr
    )
    assert.strictEqual(seen.ended, 0)
  }, 40_000)
})
