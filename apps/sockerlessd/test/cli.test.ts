import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { installCommand } from "../src/doctor/packages.ts"

const cli = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "../src/main.ts"), ...args], { encoding: "utf8" })

describe("command line", () => {
  it("prints help that names every option and command", () => {
    const { stdout, status } = cli("--help")
    assert.strictEqual(status, 0)
    for (const word of ["--host <address>", "--tlsverify", "sockerlessd doctor", "--metrics-addr"]) {
      assert.include(stdout, word)
    }
  })

  it("prints its version", () => {
    assert.match(cli("--version").stdout, /^sockerlessd version \d+\.\d+\.\d+\n$/)
  })

  it("answers misuse with usage and exit code 2", () => {
    for (const args of [["--nonsense"], ["nonsense"], ["tls"], ["--mtu", "x"], ["doctor", "extra"]]) {
      const { stderr, status } = cli(...args)
      assert.strictEqual(status, 2, args.join(" "))
      assert.include(stderr, "Usage:", args.join(" "))
    }
  })

  it("doctor reports every finding as JSON, with a mend for what is missing", () => {
    const { stdout } = cli("doctor", "--format", "json")
    const report: unknown = JSON.parse(stdout)
    assert.match(JSON.stringify(report), /"topic":"runtime"/)
    assert.match(JSON.stringify(report), /"topic":"disk"/)
  })

  it("status of a daemon that is not there says so and fails", () => {
    const { stdout, status } = cli("status", "-H", "unix:///nowhere/s.sock")
    assert.strictEqual(status, 1)
    assert.match(stdout, /FAIL {2}daemon .*does not answer/)
  })

  it("knows the package managers by /etc/os-release", () => {
    assert.strictEqual(installCommand("ip", "ID=debian"), "apt-get install -y iproute2")
    assert.strictEqual(installCommand("ip", 'ID=rocky\nID_LIKE="rhel centos fedora"'), "dnf install -y iproute")
    assert.strictEqual(installCommand("conmon", "ID=alpine"), "apk add conmon")
    assert.strictEqual(installCommand("conmon", "ID=arch"), "pacman -S --noconfirm conmon")
  })
})
