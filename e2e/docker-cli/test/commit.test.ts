import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()

const CHANGES = [
  "echo hi > /etc/x",
  "ln /etc/x /etc/hard",
  "ln -s x /etc/soft",
  "echo more >> /etc/passwd",
  "rm /etc/group",
  "mkdir -p /a/b && echo y > /a/b/f",
  "rm -r /home && mkdir /home"
].join("; ")

/** A container that has made these changes and runs on. */
const changed = async (name: string): Promise<string> => {
  await on.docker.ok("run", "-d", "--name", name, "busybox", "sh", "-c", `${CHANGES}; touch /tmp/done; exec sleep 600`)
  await on.docker.ok("exec", name, "sh", "-c", "until [ -e /tmp/done ]; do sleep 0.1; done")
  return name
}

describe("docker diff", () => {
  it("lists what was added, changed and deleted, and no mount point", async () => {
    const lines = (await on.docker.ok("diff", await changed("differs"))).split("\n").toSorted()
    assert.deepEqual(
      lines.filter((line) => !line.includes(" /home")),
      [
        "A /a",
        "A /a/b",
        "A /a/b/f",
        "A /etc/hard",
        "A /etc/soft",
        "A /etc/x",
        "A /tmp/done",
        "C /etc",
        "C /etc/passwd"
      ].concat("C /tmp", "D /etc/group")
    )
    assert.include(lines, "C /home")
  })

  it("is empty for a container that changed nothing", async () => {
    await on.docker.ok("run", "--name", "same", "busybox", "true")
    assert.equal(await on.docker.ok("diff", "same"), "")
  })

  it("refuses a container that is not there", async () => {
    const { code, stderr } = await on.docker.run(["diff", "nosuch"])
    assert.equal(code, 1)
    assert.match(stderr, /No such container: nosuch/)
  })
})

describe("docker commit", () => {
  it("makes an image of a running container that holds its files, links, deletions and the asked config", async () => {
    const name = await changed("committed")
    const id = await on.docker.ok(
      ...[
        "commit",
        "-m",
        "what was done",
        "-a",
        "someone",
        "-c",
        'CMD ["cat","/etc/x"]',
        "-c",
        "ENV A=b",
        name,
        "kept:1"
      ]
    )
    assert.match(id, /^sha256:[0-9a-f]{64}$/)
    assert.equal(await on.docker.ok("run", "--rm", "kept:1"), "hi")
    const looked = await on.docker.ok(
      ...["run", "--rm", "kept:1", "sh", "-c"],
      "echo $A; cat /etc/hard; readlink /etc/soft; stat -c %h /etc/x; ls /home /etc/group; tail -n 1 /etc/passwd 2>&1; exit 0"
    )
    assert.deepEqual(looked.split("\n"), ["b", "hi", "x", "2", "/home:", "more"])
    assert.equal(
      await on.docker.ok("inspect", "-f", "{{.Author}}|{{.Comment}}|{{.Config.Cmd}}", "kept:1"),
      "someone|what was done|[cat /etc/x]"
    )
    assert.equal(await on.docker.ok("inspect", "-f", "{{.State.Status}}", name), "running")
  })

  it("keeps the container's own settings, and adds no layer where nothing changed", async () => {
    await on.docker.ok("create", "--name", "settings", "-e", "K=v", "-w", "/tmp", "-l", "x=y", "busybox", "env")
    await on.docker.ok("commit", "settings", "settings:kept")
    const env = await on.docker.ok("run", "--rm", "settings:kept")
    assert.include(env.split("\n"), "K=v")
    const facts = ["{{.Config.WorkingDir}}", '{{index .Config.Labels "x"}}', "{{len .RootFS.Layers}}"].join("|")
    assert.equal(await on.docker.ok("inspect", "-f", facts, "settings:kept"), "/tmp|y|1")
  })

  it("without a name makes an image that only its id names, and refuses a bad change", async () => {
    await on.docker.ok("create", "--name", "nameless", "busybox", "true")
    const id = await on.docker.ok("commit", "nameless")
    assert.equal(await on.docker.ok("inspect", "-f", "{{.RepoTags}}", id), "[]")
    const { code, stderr } = await on.docker.run(["commit", "-c", "NONSENSE x", "nameless"])
    assert.equal(code, 1)
    assert.match(stderr, /nonsense is not a valid change command/)
  })
})
