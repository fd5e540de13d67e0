import { assert, beforeAll, describe, it } from "vitest"
import { byClient, judged, missing, noClient } from "../src/index.ts"

const on = judged()

let id = ""

beforeAll(async () => {
  if (noClient !== undefined) return
  id = await on.docker.ok(
    ...["run", "-d", "--name", "seen", "-h", "host", "-e", "A=1", "-w", "/tmp", "-u", "app", "--label", "l=v"],
    ...[
      "--restart",
      "on-failure:2",
      "-m",
      "64m",
      "--cpus",
      "0.5",
      "--cap-add",
      "NET_ADMIN",
      "--ulimit",
      "nofile=64:128"
    ],
    ...["--read-only", "--tmpfs", "/run:size=1m", "-v", "named:/data", "--add-host", "db:10.0.0.9", "--expose", "7000"],
    ...["--stop-signal", "USR1", "--stop-timeout", "3", "--entrypoint", "sleep", "busybox", "3000"]
  )
})

const of = (template: string): Promise<string> => on.docker.ok("inspect", "-f", template, "seen")

describe("docker inspect", () => {
  it("tells who it is and what runs", async () => {
    assert.strictEqual(await of("{{.Id}} {{.Name}}"), `${id} /seen`)
    assert.strictEqual(await of("{{.Path}} {{.Args}}"), "sleep [3000]")
    assert.strictEqual(
      await of("{{.Config.Image}} {{json .Config.Entrypoint}} {{json .Config.Cmd}}"),
      'busybox ["sleep"] ["3000"]'
    )
    assert.match(await of("{{.Image}}"), /^sha256:[0-9a-f]{64}$/)
    assert.strictEqual(
      await of("{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.RestartCount}}"),
      "running true 0 0"
    )
    assert.match(await of("{{.Created}}"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/)
    assert.strictEqual(await of("{{.State.FinishedAt}}"), "0001-01-01T00:00:00Z")
    assert.strictEqual(
      await of("{{.Platform}} {{.Driver}}"),
      `linux ${await on.docker.ok("info", "-f", "{{.Driver}}")}`
    )
  })

  it("gives back what was asked for", async () => {
    assert.strictEqual(await of("{{.Config.Hostname}} {{.Config.User}} {{.Config.WorkingDir}}"), "host app /tmp")
    assert.include(await of("{{json .Config.Env}}"), '"A=1"')
    assert.strictEqual(await of("{{json .Config.Labels}}"), '{"l":"v"}')
    assert.strictEqual(await of("{{.Config.StopSignal}} {{.Config.StopTimeout}}"), "USR1 3")
    assert.strictEqual(await of("{{json .HostConfig.RestartPolicy}}"), '{"Name":"on-failure","MaximumRetryCount":2}')
    assert.strictEqual(await of("{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}"), "67108864 500000000")
    assert.match(await of("{{.HostConfig.CapAdd}}"), /^\[(CAP_)?NET_ADMIN\]$/)
    assert.strictEqual(await of("{{json .HostConfig.Ulimits}}"), '[{"Name":"nofile","Hard":128,"Soft":64}]')
    assert.strictEqual(await of("{{.HostConfig.ReadonlyRootfs}} {{json .HostConfig.Tmpfs}}"), 'true {"/run":"size=1m"}')
    assert.strictEqual(await of("{{.HostConfig.Binds}} {{.HostConfig.ExtraHosts}}"), "[named:/data] [db:10.0.0.9]")
    assert.strictEqual(await of("{{json .Config.ExposedPorts}}"), '{"7000/tcp":{}}')
    assert.strictEqual(await of("{{.HostConfig.LogConfig.Type}} {{.HostConfig.IpcMode}}"), "json-file private")
  })

  it("tells mounts and addresses", async () => {
    const mount = "{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.Driver}} {{.RW}}{{end}}"
    assert.strictEqual(await of(mount), "volume named /data local true")
    const address = await of("{{.NetworkSettings.IPAddress}}")
    assert.match(address, /^\d+\.\d+\.\d+\.\d+$/)
    const bridge = "{{with .NetworkSettings.Networks.bridge}}{{.IPAddress}} {{.IPPrefixLen}} {{.MacAddress}}{{end}}"
    assert.match(await of(bridge), new RegExp(`^${address} \\d+ ([0-9a-f]{2}:){5}[0-9a-f]{2}$`))
    assert.strictEqual(await of("{{json .NetworkSettings.Ports}}"), '{"7000/tcp":null}')
    assert.include(
      await on.docker.ok("network", "inspect", "-f", "{{json .Containers}}", "bridge"),
      `"${id}":{"Name":"seen"`
    )
  })

  it("finds by name, id and the beginning of an id; kind by kind", async () => {
    for (const ref of ["seen", "/seen", id, id.slice(0, 12), id.slice(0, 5)]) {
      assert.strictEqual(await on.docker.ok("inspect", "-f", "{{.Id}}", ref), id)
    }
    assert.strictEqual(
      await on.docker.ok("inspect", "--type", "image", "-f", "{{json .RepoTags}}", "busybox"),
      '["busybox:latest"]'
    )
    assert.strictEqual(await on.docker.ok("inspect", "--type", "volume", "-f", "{{.Name}}", "named"), "named")
    assert.strictEqual(await on.docker.ok("inspect", "--type", "network", "-f", "{{.Name}}", "bridge"), "bridge")
  })

  it("gives a list of all that is there, and names what is not", async () => {
    const { code, stdout, stderr } = await on.docker.run(["inspect", "seen", "nosuch"])
    assert.strictEqual(code, 1)
    assert.include(stderr, "nosuch")
    const shown: unknown = JSON.parse(stdout)
    assert.containsSubset(shown, [{ Name: "/seen" }])
    const absent = await on.docker.run(["container", "inspect", "nosuch"])
    assert.deepEqual(absent, { code: 1, stdout: "[]\n", stderr: missing("container", "nosuch") })
  })

  it("measures files with -s", async () => {
    const size = Number(await on.docker.ok("inspect", "-s", "-f", "{{.SizeRootFs}}", "seen"))
    assert.isAbove(size, 1_000_000)
  })

  it("refuses a template that is none, and a field that is not there", async () => {
    const broken = await on.docker.run(["inspect", "-f", "{{.Id", "seen"])
    assert.deepEqual(
      [broken.code, /parsing error|unclosed action/i.test(broken.stderr)],
      [byClient({ current: 64, debian: 64 }), true]
    )
    const absent = await on.docker.run(["inspect", "-f", "{{.Nonsense.Field}}", "seen"])
    assert.notStrictEqual(absent.code, 0)
  })
})
