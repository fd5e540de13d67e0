import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { commonFlags, daemonFlags } from "../src/cli/flags.ts"
import { parseFlags } from "../src/cli/parse.ts"
import { configOf } from "../src/config/config.ts"
import { withConfigFile } from "../src/config/config-file.ts"
import { parseHost } from "../src/config/hosts.ts"

const configFor = (args: ReadonlyArray<string>) => {
  const given = parseFlags(args, [...daemonFlags, ...commonFlags])
  if ("usageError" in given) return given
  const merged = withConfigFile(given)
  return "wrong" in merged ? merged : configOf(merged)
}

const withFile = <A>(content: string, use: (file: string) => A): A => {
  const folder = mkdtempSync(join(tmpdir(), "sockerlessd-config-"))
  try {
    const file = join(folder, "daemon.json")
    writeFileSync(file, content)
    return use(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const wrongOf = (result: ReturnType<typeof configFor>): string =>
  "wrong" in result ? result.wrong : "usageError" in result ? result.usageError : "accepted"

describe("configuration", () => {
  it("takes dockerd's flags, -H more than once", () => {
    const config = configFor([
      "-H",
      "unix:///a.sock",
      "--host=tcp://127.0.0.1:2375",
      "--data-root",
      "/d",
      "--exec-root=/e"
    ])
    if (!("hosts" in config)) return assert.fail(wrongOf(config))
    assert.deepStrictEqual(config.hosts, [
      { kind: "unix", path: "/a.sock" },
      { kind: "tcp", ip: "127.0.0.1", port: 2375 }
    ])
    assert.strictEqual(config.dataRoot, "/d")
    assert.strictEqual(config.pidfile, "/e/sockerlessd.pid")
  })

  it("reads Go's way of writing switches", () => {
    const on = configFor(["--tlsverify=true"])
    const off = configFor(["--tlsverify=false"])
    assert.isTrue("hosts" in on && on.tls?.verify === true)
    assert.isTrue("hosts" in off && off.tls === undefined)
  })

  it("refuses an unknown flag by name", () => {
    assert.match(wrongOf(configFor(["--selinux-enabled"])), /Unknown option '--selinux-enabled'/)
  })

  it("refuses open TCP without client certificates and says what mends it", () => {
    const reason = /refusing to listen on tcp:\/\/0\.0\.0\.0:2375.*sockerlessd tls init/
    assert.match(wrongOf(configFor(["-H", "tcp://0.0.0.0:2375"])), reason)
    assert.match(wrongOf(configFor(["-H", "tcp://0.0.0.0:2375", "--tls"])), reason)
    assert.isTrue("hosts" in configFor(["-H", "tcp://0.0.0.0:2376", "--tlsverify"]))
    assert.isTrue("hosts" in configFor(["-H", "tcp://[::1]:2375"]))
  })

  it("refuses values it cannot use", () => {
    assert.match(wrongOf(configFor(["-H", "npipe://x"])), /invalid address npipe:\/\/x/)
    assert.match(wrongOf(configFor(["-H", "unix://relative"])), /must be absolute/)
    assert.match(wrongOf(configFor(["-H", "tcp://127.0.0.1:99999"])), /port 99999/)
    assert.match(wrongOf(configFor(["--log-level", "loud"])), /invalid log level "loud"/)
    assert.match(wrongOf(configFor(["--mtu", "12"])), /invalid mtu "12"/)
    assert.match(wrongOf(configFor(["--dns", "example.org"])), /invalid dns server/)
  })

  it("reads dockerd's keys from the configuration file", () => {
    withFile('{"hosts":["unix:///f.sock"],"registry-mirrors":["https://m"],"tls":false,"mtu":1400}', (file) => {
      const config = configFor(["--config-file", file])
      if (!("hosts" in config)) return assert.fail(wrongOf(config))
      assert.deepStrictEqual(config.hosts, [{ kind: "unix", path: "/f.sock" }])
      assert.deepStrictEqual(config.registryMirrors, ["https://m"])
      assert.strictEqual(config.mtu, 1400)
    })
  })

  it("names an unknown key, a wrong type, a missing file and a setting given twice", () => {
    withFile('{"storage-driver":"zfs"}', (file) => {
      assert.match(wrongOf(configFor(["--config-file", file])), /don't match any configuration option: storage-driver/)
    })
    withFile('{"hosts":"unix:///x"}', (file) => {
      assert.match(wrongOf(configFor(["--config-file", file])), /"hosts" must be a list of texts/)
    })
    withFile('{"hosts":["unix:///x"]}', (file) => {
      assert.match(
        wrongOf(configFor(["--config-file", file, "-H", "unix:///y"])),
        /specified both as a flag and in the configuration file: hosts: \(from flag: \[unix:\/\/\/y\], from file: \[unix:\/\/\/x\]\)/
      )
    })
    assert.match(
      wrongOf(configFor(["--config-file", "/nowhere/daemon.json"])),
      /unable to configure the daemon with file/
    )
  })

  it("gives TCP addresses dockerd's default ports", () => {
    assert.deepStrictEqual(parseHost("tcp://127.0.0.1", false), { kind: "tcp", ip: "127.0.0.1", port: 2375 })
    assert.deepStrictEqual(parseHost("tcp://", true), { kind: "tcp", ip: "127.0.0.1", port: 2376 })
    assert.deepStrictEqual(parseHost("fd://", false), { kind: "fd", name: undefined })
  })
})
