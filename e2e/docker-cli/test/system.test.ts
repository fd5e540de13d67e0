import { target } from "@sockerless/e2e-kit"
import { assert, describe, it } from "vitest"
import { judged, lacks } from "../src/index.ts"

const on = judged()

describe("docker version", () => {
  it("names client and server, and the API both speak", async () => {
    const text = await on.docker.ok("version")
    assert.include(text, "Client:")
    assert.include(text, "Server:")
    assert.match(await on.docker.ok("version", "-f", "{{.Server.Version}}"), /^\d+\.\d+\.\d+/)
    assert.match(
      await on.docker.ok("version", "-f", "{{.Server.APIVersion}} {{.Server.MinAPIVersion}}"),
      /^1\.\d\d 1\.\d\d$/
    )
    assert.strictEqual(await on.docker.ok("version", "-f", "{{.Server.Os}}"), "linux")
  })
})

describe("docker info", () => {
  it("counts what there is, and tells what the host is", async () => {
    await on.docker.ok("run", "-d", "--name", "counted", "busybox", "sleep", "600")
    await on.docker.ok("create", "busybox")
    assert.strictEqual(
      await on.docker.ok(
        "info",
        "-f",
        "{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}} {{.ContainersStopped}} {{.Images}}"
      ),
      "2 1 0 1 1"
    )
    assert.match(
      await on.docker.ok("info", "-f", "{{.OSType}} {{.Architecture}} {{.NCPU}} {{.MemTotal}}"),
      /^linux (x86_64|aarch64) \d+ \d+$/
    )
    assert.strictEqual(await on.docker.ok("info", "-f", "{{.Swarm.LocalNodeState}}"), "inactive")
    assert.match(await on.docker.ok("info", "-f", "{{.DockerRootDir}}"), /^\//)
    const { code, stdout } = await on.docker.run(["info"])
    assert.strictEqual(code, 0)
    assert.match(stdout, /^Server:$/m)
    assert.notInclude(stdout, "ERROR")
  })
})

describe("docker system df", () => {
  it("measures images, containers and volumes", async () => {
    await on.docker.run([
      "run",
      "--name",
      "heavy",
      "-v",
      "measured:/data",
      "busybox",
      "sh",
      "-c",
      "head -c 2000000 /dev/zero >/f; head -c 1000000 /dev/zero >/data/f"
    ])
    const rows = (
      await on.docker.ok("system", "df", "--format", "{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}")
    ).split("\n")
    assert.match(rows.find((row) => row.startsWith("Images")) ?? "", /^Images\|1\|1\|[\d.]+MB$/)
    assert.match(rows.find((row) => row.startsWith("Containers")) ?? "", /^Containers\|\d\|\d\|2(\.\d+)?MB$/)
    assert.match(rows.find((row) => row.startsWith("Local Volumes")) ?? "", /^Local Volumes\|1\|1\|1(\.\d+)?MB$/)
    const verbose = await on.docker.ok("system", "df", "-v")
    assert.include(verbose, "measured")
    assert.include(verbose, "heavy")
  })
})

describe("docker system prune", () => {
  it("removes ended containers, unused networks and nameless images", async () => {
    await on.docker.run(["run", "--name", "ended", "--label", "gone=1", "busybox", "true"])
    await on.docker.ok("network", "create", "--label", "gone=1", "unused")
    const text = await on.docker.ok("system", "prune", "-f", "--filter", "label=gone=1")
    assert.match(text, /^Deleted Containers:\n[0-9a-f]{64}\n/m)
    assert.match(text, /^Deleted Networks:\nunused\n/m)
    assert.match(text, /^Total reclaimed space: /m)
  })
})

describe("docker swarm, plugin and build", () => {
  it("are refused in Docker's words", async () => {
    const { code, stderr } = await on.docker.run(["node", "ls"])
    assert.include(
      stderr,
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
    )
    assert.strictEqual(code, 1)
    assert.strictEqual(await on.docker.ok("plugin", "ls", "-q"), "")
  })
})

describe("a client and a daemon of different ages", () => {
  it.skipIf(target === "dockerd")("speak every version between", async () => {
    for (const version of ["1.24", "1.30", "1.41", "1.44"]) {
      const { code, stdout } = await on.docker.run(["ps", "-q", "--filter", "name=nothing"], {
        env: { DOCKER_API_VERSION: version }
      })
      assert.deepEqual([code, stdout], [0, ""])
    }
    const { code, stderr } = await on.docker.run(["ps"], { env: { DOCKER_API_VERSION: "1.99" } })
    assert.include(stderr, "client version 1.99 is too new. Maximum supported API version is 1.")
    assert.strictEqual(code, 1)
  })

  it.skipIf(lacks("--format json", 23))("agree on JSON", async () => {
    const info: unknown = JSON.parse(await on.docker.ok("info", "--format", "json"))
    assert.containsSubset(info, { OSType: "linux" })
  })
})
