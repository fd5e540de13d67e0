import { dockerCli } from "@sockerless/e2e-kit"
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const SERVER = "/usr/sbin/sshd"
/** Where sshd confines its unprivileged half; the service's own start script makes it otherwise. */
const PRIVSEP = "/run/sshd"
const missing =
  process.getuid?.() !== 0 ? "needs root" : existsSync(SERVER) ? undefined : "needs openssh-server: apt-get install"
if (missing !== undefined) console.log(`DOCKER_HOST=ssh:// is not tested: ${missing}`)

const folders: Array<string> = []
const removeAtEnd = (path: string): string => {
  folders.push(path)
  return path
}

/**
 * A real ssh client and server without a port: the client talks to an `sshd -i` of its own through a pipe. Gives the
 * folder of an `ssh` that does so; the docker CLI finds it first in PATH.
 */
const sshFolder = (remoteSocket: string): string => {
  const folder = removeAtEnd(mkdtempSync(join(tmpdir(), "ssh-")))
  const file = (name: string): string => join(folder, name)
  for (const key of ["host", "user"]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(key)])
  }
  writeFileSync(file("authorized"), readFileSync(file("user.pub")))
  chmodSync(folder, 0o700)
  if (!existsSync(PRIVSEP)) removeAtEnd(mkdirSync(PRIVSEP, { recursive: true, mode: 0o755 }) ?? PRIVSEP)
  const server = [
    `HostKey ${file("host")}`,
    `AuthorizedKeysFile ${file("authorized")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
    `SetEnv DOCKER_HOST=unix://${remoteSocket}`
  ]
  writeFileSync(file("sshd_config"), `${server.join("\n")}\n`)
  const client = [
    "Host far",
    `  User ${userInfo().username}`,
    `  IdentityFile ${file("user")}`,
    "  IdentitiesOnly yes",
    "  StrictHostKeyChecking no",
    `  UserKnownHostsFile ${file("known_hosts")}`,
    "  LogLevel ERROR",
    `  ProxyCommand ${SERVER} -i -f ${file("sshd_config")}`
  ]
  writeFileSync(file("ssh_config"), `${client.join("\n")}\n`)
  const real = execFileSync("sh", ["-c", "command -v ssh"], { encoding: "utf8" }).trim()
  mkdirSync(file("bin"))
  writeFileSync(file("bin/ssh"), `#!/bin/sh\nexec ${real} -F ${file("ssh_config")} "$@"\n`, { mode: 0o755 })
  return file("bin")
}

describe.skipIf(missing !== undefined)("DOCKER_HOST=ssh://", () => {
  const on = judged()
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })

  it("runs containers with streams and exit codes through a docker CLI on both sides", async () => {
    const path = `${sshFolder(on.daemon.socket)}:${process.env["PATH"] ?? ""}`
    const far = dockerCli("ssh://far", { PATH: path })
    const hello = spawnSync(join(path.split(":")[0] ?? "", "ssh"), ["far", "true"], { encoding: "utf8" })
    assert.deepEqual([hello.status, hello.stderr], [0, ""])
    const { code, stdout, stderr } = await far.run(
      ["run", "--rm", "-i", "busybox", "sh", "-c", "cat; echo two >&2; exit 7"],
      { input: "one\n" }
    )
    assert.deepEqual([code, stdout, stderr], [7, "one\n", "two\n"])
    assert.equal(await far.ok("info", "-f", "{{.ID}}"), await on.docker.ok("info", "-f", "{{.ID}}"))
  })
})
