import { target, until } from "@sockerless/e2e-kit"
import { mkdtempSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { byClient, judged, noClient, runRefusal, startRefusal } from "../src/index.ts"

// Said here for the whole suite, so that it is one line.
if (noClient !== undefined) console.warn(noClient)

const on = judged()
const { sh, printed } = on

const refused = (message: string, ...args: ReadonlyArray<string>): Promise<void> =>
  on.fails(125, runRefusal(message), "run", "--rm", ...args)

const notStarted = (code: number, message: string, ...args: ReadonlyArray<string>): Promise<void> =>
  on.fails(code, startRefusal(message), "run", "--rm", ...args)

const runtimeFailed = (reason: string): string => {
  const task = target === "dockerd" ? "" : "failed to create task for container: "
  return `${task}failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${reason}: unknown`
}

describe("the exit code of docker run", () => {
  it("is the process's own", async () => {
    assert.strictEqual((await sh([], "exit 0")).code, 0)
    assert.strictEqual((await sh([], "exit 3")).code, 3)
  })

  it("is 128 and the signal's number for a killed process", async () => {
    const client = on.docker.background("run", "--rm", "--name", "victim", "busybox", "sleep", "60")
    await until("it runs", async () =>
      (await on.docker.ok("ps", "-q", "--filter", "name=victim")) === "" ? undefined : true
    )
    await on.docker.ok("kill", "victim")
    assert.strictEqual((await client.ended).code, 137)
  })

  it("is 127 when the command is not there", () =>
    notStarted(127, runtimeFailed('exec: "nosuch": executable file not found in $PATH'), "busybox", "nosuch"))

  it("is 127 when the path of the command is not there", () =>
    notStarted(
      127,
      runtimeFailed('exec: "/bin/nosuch": stat /bin/nosuch: no such file or directory'),
      "busybox",
      "/bin/nosuch"
    ))

  it("is 126 for a file that may not be executed", () =>
    notStarted(126, runtimeFailed('exec: "/etc/passwd": permission denied'), "busybox", "/etc/passwd"))

  // runc says the one or the other, by its version.
  it("is 126 for a folder", async () => {
    const { code, stderr } = await on.docker.run(["run", "--rm", "busybox", "/etc"])
    assert.match(stderr, /exec: "\/etc": (is a directory: )?permission denied: unknown/)
    assert.strictEqual(code, 126)
  })

  it("is 125 for an option that the client does not know", async () => {
    const { code, stderr } = await on.docker.run(["run", "--rm", "--nonsense", "busybox"])
    assert.include(stderr, "unknown flag: --nonsense")
    assert.strictEqual(code, 125)
  })

  it("is 125 for a user who is not there", () =>
    notStarted(125, "unable to find user ghost: no matching entries in passwd file", "-u", "ghost", "busybox"))

  it("is 125 for a group that is not there", () =>
    notStarted(125, "unable to find group ghosts: no matching entries in group file", "-u", "0:ghosts", "busybox"))

  it("is 125 for a bind mount whose source is not there", () =>
    refused(
      'invalid mount config for type "bind": bind source path does not exist: /nope',
      ...["--mount", "type=bind,src=/nope,dst=/x", "busybox"]
    ))

  it("is 125 for a volume at a relative path", () =>
    refused(
      "invalid volume specification: '/tmp:relative': invalid mount config for type \"bind\": invalid mount path: 'relative' mount path must be absolute",
      ...["-v", "/tmp:relative", "busybox"]
    ))

  it("is 125 for less memory than 6 MB", () => refused("Minimum memory limit allowed is 6MB", "-m", "1m", "busybox"))

  it("is 125 for a name that no container may have", () =>
    refused(
      "Invalid container name (a/b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
      ...["--name", "a/b", "busybox"]
    ))

  it("is 125 for a network that is not there, and nothing is pulled", async () => {
    for (const [network, message] of [
      ["nosuch", "network nosuch not found"],
      ["container:nosuch", "No such container: nosuch"]
    ] as const) {
      const { code, stderr } = await on.docker.run(["run", "--rm", "--network", network, "busybox"])
      assert.match(stderr, new RegExp(`^docker: Error response from daemon: ${message}`))
      assert.strictEqual(code, 125)
    }
  })

  it("is 125 for a network of a container that does not run", async () => {
    const id = await on.docker.ok("create", "busybox")
    await notStarted(
      125,
      `cannot join network of a non running container: ${id}`,
      "--network",
      `container:${id}`,
      "busybox"
    )
  })

  it("is 125 for a capability nobody knows", () =>
    refused('invalid CapAdd: unknown capability: "CAP_NONSENSE"', "--cap-add", "NONSENSE", "busybox"))

  it("is 125 for --rm beside a restart policy", () =>
    on.fails(
      125,
      byClient({
        current:
          "docker: conflicting options: cannot specify both --restart and --rm\n\nRun 'docker run --help' for more information\n",
        debian: "docker: Conflicting options: --restart and --rm.\nSee 'docker run --help'.\n"
      }),
      ...["run", "--rm", "--restart", "always", "busybox"]
    ))
})

describe("docker run --rm", () => {
  it("leaves no container", async () => {
    await printed(["--name", "gone"], "true")
    assert.strictEqual(await on.docker.ok("ps", "-aq", "--filter", "name=gone"), "")
  })

  it("leaves no container when it could not start", async () => {
    await on.docker.run(["run", "--rm", "--name", "never", "busybox", "nosuch"])
    assert.strictEqual(await on.docker.ok("ps", "-aq", "--filter", "name=never"), "")
  })

  it("is what removes: without it the container stays, with its exit code", async () => {
    assert.strictEqual((await on.docker.run(["run", "--name", "stays", "busybox", "sh", "-c", "exit 4"])).code, 4)
    assert.strictEqual(
      await on.docker.ok("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "stays"),
      "exited 4"
    )
  })
})

describe("docker run -d", () => {
  it("prints the id, and the container runs", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "sleep", "60")
    assert.match(id, /^[0-9a-f]{64}$/)
    assert.strictEqual(await on.docker.ok("inspect", "-f", "{{.State.Running}}", id), "true")
  })

  it("writes the id into --cidfile, and does not overwrite one", async () => {
    const file = join(mkdtempSync(join(on.daemon.folder, "cid-")), "id")
    const id = await on.docker.ok("run", "-d", "--cidfile", file, "busybox", "true")
    assert.strictEqual(readFileSync(file, "utf8"), id)
    const again = await on.docker.run(["run", "-d", "--cidfile", file, "busybox", "true"])
    assert.include(again.stderr, "container ID file found")
    assert.strictEqual(again.code, 125)
  })

  it("refuses a name that is taken, and says by whom", async () => {
    const id = await on.docker.ok("run", "-d", "--name", "taken", "busybox", "sleep", "60")
    await on.fails(
      125,
      runRefusal(
        `Conflict. The container name "/taken" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`
      ),
      ...["run", "-d", "--name", "taken", "busybox"]
    )
  })
})
