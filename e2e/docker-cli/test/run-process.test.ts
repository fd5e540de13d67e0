import { target } from "@sockerless/e2e-kit"
import { mkdtempSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()
const { sh, printed } = on

describe("the process in docker run", () => {
  it("has the variables of -e and of --env-file beside Docker's own", async () => {
    const outcome = await on.docker.run(
      ["run", "--rm", "-e", "A=1 2", "-e", "FROM_HERE", "-h", "box", "busybox", "env"],
      {
        env: { FROM_HERE: "client" }
      }
    )
    const lines = outcome.stdout.trim().split("\n").toSorted()
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    assert.deepEqual(lines, ["A=1 2", "FROM_HERE=client", "HOME=/root", "HOSTNAME=box", path])
  })

  it("has the lines of --env-file, but for comments, and -e wins over them", async () => {
    const file = join(mkdtempSync(join(on.daemon.folder, "env-")), "env")
    writeFileSync(file, "# a comment\nA=from file\nB=1\n\nEMPTY=\n")
    const line = 'echo "$A|$B|${EMPTY-unset}"'
    assert.strictEqual(await printed(["--env-file", file, "-e", "B=2"], line), "from file|2|\n")
  })

  it("works in the folder of -w, which is made when it is not there", async () => {
    assert.strictEqual(await printed(["-w", "/tmp"], "pwd"), "/tmp\n")
    assert.strictEqual(await printed(["-w", "/made/here"], "pwd; ls /made"), "/made/here\nhere\n")
  })

  it("is who -u says, by number or by name, with the groups the image gives", async () => {
    assert.strictEqual(await printed(["-u", "1234"], "id -u; id -g"), "1234\n0\n")
    assert.strictEqual(await printed(["-u", "1234:4321"], "id -u; id -g"), "1234\n4321\n")
    assert.strictEqual(await printed(["-u", "app"], "id"), "uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)\n")
    assert.strictEqual(await printed(["-u", "app:extra"], "id -un; id -gn; echo $HOME"), "app\nextra\n/home/app\n")
    assert.strictEqual(await printed(["--group-add", "extra"], "id -G"), "0 2000\n")
  })

  it("is made of --entrypoint and the arguments", async () => {
    const said = await on.docker.ok("run", "--rm", "--entrypoint", "/bin/echo", "busybox", "a  b", "c")
    assert.strictEqual(said, "a  b c")
  })

  it("is the image's command when none is given", async () => {
    assert.strictEqual(
      (await on.docker.run(["run", "--rm", "-i", "busybox"], { input: "echo from $0\n" })).stdout,
      "from sh\n"
    )
  })

  it("has the capabilities Docker gives, and those of --cap-add and --cap-drop", async () => {
    const effective = (...options: ReadonlyArray<string>) =>
      printed(options, "awk '/CapEff/{print $2}' /proc/self/status")
    assert.strictEqual(await effective(), "00000000a80425fb\n")
    assert.strictEqual(await effective("--cap-drop", "ALL"), "0000000000000000\n")
    assert.strictEqual(await effective("--cap-drop", "all", "--cap-add", "chown"), "0000000000000001\n")
    assert.strictEqual(await effective("--cap-add", "NET_ADMIN"), "00000000a80435fb\n")
    assert.strictEqual(await effective("-u", "app"), "0000000000000000\n")
    const refusedCall = await sh(["--cap-drop", "CHOWN"], "chown 5 /etc/passwd")
    assert.deepEqual([refusedCall.code, refusedCall.stderr], [1, "chown: /etc/passwd: Operation not permitted\n"])
  })

  it("is filtered by seccomp, and gets no new privileges when told", async () => {
    assert.strictEqual(await printed([], "awk '/^Seccomp:/{print $2}' /proc/self/status"), "2\n")
    assert.strictEqual(
      await printed(["--security-opt", "seccomp=unconfined"], "awk '/^Seccomp:/{print $2}' /proc/self/status"),
      "0\n"
    )
    assert.strictEqual(
      await printed(["--security-opt", "no-new-privileges"], "awk '/NoNewPrivs/{print $2}' /proc/self/status"),
      "1\n"
    )
    assert.strictEqual((await sh([], "unshare -m true")).code, 1)
  })

  it("has the limits of --ulimit", async () => {
    assert.strictEqual(await printed(["--ulimit", "nofile=100:200"], "ulimit -n; ulimit -Hn"), "100\n200\n")
    assert.strictEqual(await printed(["--ulimit", "core=0"], "ulimit -c"), "0\n")
  })

  // The oracle of 20.10 wants every capability of the host, and this machine's root may lack some.
  it.skipIf(target === "dockerd")("may do what root may with --privileged", async () => {
    assert.strictEqual(await printed(["--privileged"], "awk '/^Seccomp:/{print $2}' /proc/self/status"), "0\n")
    assert.strictEqual(
      await printed(["--privileged"], "mount -t tmpfs x /tmp && grep -c ' /tmp tmpfs ' /proc/mounts"),
      "1\n"
    )
    assert.strictEqual(await printed(["--privileged"], "grep ' /sys ' /proc/mounts | grep -c ' rw,'"), "1\n")
  })

  // Debian's dockerd comes without docker-init.
  it.skipIf(target === "dockerd")("is a child of an init with --init", async () => {
    const [init, command] = (await printed(["--init"], "cat /proc/1/comm; echo $$")).trim().split("\n")
    assert.include(["docker-init", "tini"], init)
    assert.notStrictEqual(command, "1")
  })

  it("cannot see or write what Docker hides of /proc and /sys", async () => {
    assert.strictEqual(await printed([], "cat /proc/keys /proc/timer_list | wc -c"), "0\n")
    assert.strictEqual((await sh([], "echo 1 >/proc/sys/kernel/domainname")).code, 1)
    assert.strictEqual((await sh([], "mkdir /sys/x")).code, 1)
  })
})
