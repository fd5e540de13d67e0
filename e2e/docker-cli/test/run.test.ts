import { target, until } from "@sockerless/e2e-kit"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()

/** `docker run --rm` of busybox with these options and this shell line. */
const sh = (options: ReadonlyArray<string>, line: string) =>
  on.docker.run(["run", "--rm", ...options, "busybox", "sh", "-c", line])

const shOk = async (options: ReadonlyArray<string>, line: string): Promise<string> => {
  const outcome = await sh(options, line)
  assert.deepEqual([outcome.code, outcome.stderr], [0, ""])
  return outcome.stdout
}

const refused = async (code: number, text: string, ...args: ReadonlyArray<string>): Promise<void> => {
  const outcome = await on.docker.run(["run", "--rm", ...args])
  assert.include(outcome.stderr, text)
  assert.strictEqual(outcome.code, code)
  assert.strictEqual(outcome.stdout, "")
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
    refused(
      127,
      'OCI runtime create failed: runc create failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown',
      "busybox",
      "nosuch"
    ))

  it("is 127 when the path of the command is not there", () =>
    refused(127, 'exec: "/bin/nosuch": stat /bin/nosuch: no such file or directory: unknown', "busybox", "/bin/nosuch"))

  it("is 126 for a file that may not be executed", () =>
    refused(126, 'exec: "/etc/passwd": permission denied: unknown', "busybox", "/etc/passwd"))

  // 20.10's runc 1.1 says "permission denied"; since runc 1.1.5 on newer kernels it is "is a directory".
  it("is 126 for a folder", async () => {
    const { code, stderr } = await on.docker.run(["run", "--rm", "busybox", "/etc"])
    assert.match(stderr, /exec: "\/etc": (is a directory|permission denied): unknown/)
    assert.strictEqual(code, 126)
  })

  it("is 125 for an option that the client does not know", () =>
    refused(125, "unknown flag: --nonsense", "--nonsense", "busybox"))

  it("is 125 for a user who is not there", () =>
    refused(
      125,
      "Error response from daemon: unable to find user ghost: no matching entries in passwd file",
      "-u",
      "ghost",
      "busybox"
    ))

  it("is 125 for a group that is not there", () =>
    refused(
      125,
      "Error response from daemon: unable to find group ghosts: no matching entries in group file",
      "-u",
      "0:ghosts",
      "busybox"
    ))

  it("is 125 for a bind mount whose source is not there", () =>
    refused(
      125,
      'Error response from daemon: invalid mount config for type "bind": bind source path does not exist: /nope',
      ...["--mount", "type=bind,src=/nope,dst=/x", "busybox"]
    ))

  it("is 125 for a volume at a relative path", () =>
    refused(125, "invalid mount path: 'relative' mount path must be absolute", "-v", "/tmp:relative", "busybox"))

  it("is 125 for less memory than 6 MB", () =>
    refused(125, "Error response from daemon: Minimum memory limit allowed is 6MB", "-m", "1m", "busybox"))

  it("is 125 for a name that no container may have", () =>
    refused(
      125,
      "Error response from daemon: Invalid container name (a/b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
      ...["--name", "a/b", "busybox"]
    ))

  it("is 125 for a network that is not there", async () => {
    await refused(125, "network nosuch not found", "--network", "nosuch", "busybox")
    await refused(125, "No such container: nosuch", "--network", "container:nosuch", "busybox")
  })

  it("is 125 for a capability nobody knows", () =>
    refused(
      125,
      'Error response from daemon: invalid CapAdd: unknown capability: "CAP_NONSENSE"',
      "--cap-add",
      "NONSENSE",
      "busybox"
    ))

  it("is 125 for --rm beside a restart policy", async () => {
    const { code, stderr } = await on.docker.run(["run", "--rm", "--restart", "always", "busybox"])
    assert.include(stderr.toLowerCase(), "conflicting options")
    assert.strictEqual(code, 125)
  })

  it("tells how to get help after each refusal", async () => {
    const { stderr } = await on.docker.run(["run", "--rm", "-u", "ghost", "busybox"])
    assert.match(stderr, /^docker: Error response from daemon: .*\n\nRun 'docker run --help' for more information\n$/)
  })
})

describe("docker run --rm", () => {
  it("leaves no container", async () => {
    await shOk(["--name", "gone"], "true")
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
    const file = join(mkdtempSync(join(tmpdir(), "cid-")), "id")
    const id = await on.docker.ok("run", "-d", "--cidfile", file, "busybox", "true")
    assert.strictEqual(readFileSync(file, "utf8"), id)
    const again = await on.docker.run(["run", "-d", "--cidfile", file, "busybox", "true"])
    assert.include(again.stderr, "container ID file found")
    assert.strictEqual(again.code, 125)
    assert.isTrue(existsSync(file))
  })

  it("refuses a name that is taken, and says by whom", async () => {
    const id = await on.docker.ok("run", "-d", "--name", "taken", "busybox", "sleep", "60")
    const { code, stderr } = await on.docker.run(["run", "-d", "--name", "taken", "busybox"])
    assert.include(
      stderr,
      `docker: Error response from daemon: Conflict. The container name "/taken" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`
    )
    assert.strictEqual(code, 125)
  })
})

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

  it("works in the folder of -w, which is made when it is not there", async () => {
    assert.strictEqual(await shOk(["-w", "/tmp"], "pwd"), "/tmp\n")
    assert.strictEqual(await shOk(["-w", "/made/here"], "pwd; ls /made"), "/made/here\nhere\n")
  })

  it("is who -u says, by number or by name, with the groups the image gives", async () => {
    assert.strictEqual(await shOk(["-u", "1234"], "id -u; id -g"), "1234\n0\n")
    assert.strictEqual(await shOk(["-u", "1234:4321"], "id -u; id -g"), "1234\n4321\n")
    assert.strictEqual(await shOk(["-u", "app"], "id"), "uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)\n")
    assert.strictEqual(await shOk(["-u", "app:extra"], "id -un; id -gn; echo $HOME"), "app\nextra\n/home/app\n")
    assert.strictEqual(await shOk(["--group-add", "extra"], "id -G"), "0 2000\n")
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
    const effective = (...options: ReadonlyArray<string>) => shOk(options, "awk '/CapEff/{print $2}' /proc/self/status")
    assert.strictEqual(await effective(), "00000000a80425fb\n")
    assert.strictEqual(await effective("--cap-drop", "ALL"), "0000000000000000\n")
    assert.strictEqual(await effective("--cap-drop", "all", "--cap-add", "chown"), "0000000000000001\n")
    assert.strictEqual(await effective("--cap-add", "NET_ADMIN"), "00000000a80435fb\n")
    assert.strictEqual(await effective("-u", "app"), "0000000000000000\n")
    const refusedCall = await sh(["--cap-drop", "CHOWN"], "chown 5 /etc/passwd")
    assert.deepEqual([refusedCall.code, refusedCall.stderr], [1, "chown: /etc/passwd: Operation not permitted\n"])
  })

  it("is filtered by seccomp, and gets no new privileges when told", async () => {
    assert.strictEqual(await shOk([], "awk '/^Seccomp:/{print $2}' /proc/self/status"), "2\n")
    assert.strictEqual(
      await shOk(["--security-opt", "seccomp=unconfined"], "awk '/^Seccomp:/{print $2}' /proc/self/status"),
      "0\n"
    )
    assert.strictEqual(
      await shOk(["--security-opt", "no-new-privileges"], "awk '/NoNewPrivs/{print $2}' /proc/self/status"),
      "1\n"
    )
    assert.strictEqual((await sh([], "unshare -m true")).code, 1)
  })

  it("has the limits of --ulimit", async () => {
    assert.strictEqual(await shOk(["--ulimit", "nofile=100:200"], "ulimit -n; ulimit -Hn"), "100\n200\n")
    assert.strictEqual(await shOk(["--ulimit", "core=0"], "ulimit -c"), "0\n")
  })

  // The oracle of 20.10 wants every capability of the host, and this machine's root may lack some.
  it.skipIf(target === "dockerd")("may do what root may with --privileged", async () => {
    assert.strictEqual(await shOk(["--privileged"], "awk '/^Seccomp:/{print $2}' /proc/self/status"), "0\n")
    assert.strictEqual(
      await shOk(["--privileged"], "mount -t tmpfs x /tmp && grep -c ' /tmp tmpfs ' /proc/mounts"),
      "1\n"
    )
    assert.strictEqual(await shOk(["--privileged"], "grep ' /sys ' /proc/mounts | grep -c ' rw,'"), "1\n")
  })

  // Debian's dockerd comes without docker-init.
  it.skipIf(target === "dockerd")("is a child of an init with --init", async () => {
    const [init, command] = (await shOk(["--init"], "cat /proc/1/comm; echo $$")).trim().split("\n")
    assert.include(["docker-init", "tini"], init)
    assert.notStrictEqual(command, "1")
  })

  it("cannot see or write what Docker hides of /proc and /sys", async () => {
    assert.strictEqual(await shOk([], "cat /proc/keys /proc/timer_list | wc -c"), "0\n")
    assert.strictEqual((await sh([], "echo 1 >/proc/sys/kernel/domainname")).code, 1)
    assert.strictEqual((await sh([], "mkdir /sys/x")).code, 1)
  })
})

describe("the files of docker run", () => {
  it("cannot be written with --read-only, a tmpfs can", async () => {
    const { code, stderr } = await sh(["--read-only"], "touch /x")
    assert.deepEqual([code, stderr], [1, "touch: /x: Read-only file system\n"])
    assert.strictEqual(await shOk(["--read-only", "--tmpfs", "/run"], "touch /run/x; ls /run"), "x\n")
  })

  it("have a tmpfs with the options of --tmpfs", async () => {
    const mounted = await shOk(["--tmpfs", "/t:size=1m,mode=1700"], "grep ' /t ' /proc/mounts; stat -c %a /t")
    assert.strictEqual(mounted, "tmpfs /t tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k,mode=1700 0 0\n1700\n")
  })

  it("have a /dev/shm of 64 MB or of --shm-size", async () => {
    assert.strictEqual(await shOk([], "df -k /dev/shm | awk 'END{print $2}'"), "65536\n")
    assert.strictEqual(await shOk(["--shm-size", "8m"], "df -k /dev/shm | awk 'END{print $2}'"), "8192\n")
  })

  it("are the host's at a bind, also read only, also a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bind-"))
    await shOk(["-v", `${folder}:/data`], "echo hello >/data/f")
    assert.strictEqual(readFileSync(join(folder, "f"), "utf8"), "hello\n")
    const { code, stderr } = await sh(["-v", `${folder}:/data:ro`], "touch /data/g")
    assert.deepEqual([code, stderr], [1, "touch: /data/g: Read-only file system\n"])
    assert.strictEqual(await shOk(["-v", `${folder}/f:/one`], "cat /one"), "hello\n")
    assert.strictEqual(await shOk(["--mount", `type=bind,src=${folder},dst=/data,readonly`], "cat /data/f"), "hello\n")
  })

  it("have the host's folder of -v made when it is not there", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "bind-")), "new")
    await shOk(["-v", `${folder}:/data`], "touch /data/f")
    assert.isTrue(existsSync(join(folder, "f")))
  })

  it("have the devices of --device", async () => {
    assert.strictEqual(
      await shOk(["--device", "/dev/zero:/dev/nought"], "head -c 3 /dev/nought | od -An -tx1"),
      " 00 00 00\n"
    )
  })
})

describe("the resources of docker run", () => {
  const limit = (v1: string, v2: string) => `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`

  it("are bounded by -m", async () => {
    assert.strictEqual(await shOk(["-m", "64m"], limit("memory/memory.limit_in_bytes", "memory.max")), "67108864\n")
  })

  it("end a process that takes more than -m, and inspect says so", async () => {
    const eat = ["sh", "-c", "tail /dev/zero"]
    const { code } = await on.docker.run([
      "run",
      "--name",
      "eater",
      "-m",
      "32m",
      "--memory-swap",
      "32m",
      "busybox",
      ...eat
    ])
    assert.strictEqual(code, 137)
    assert.strictEqual(
      await on.docker.ok("inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", "eater"),
      "true 137"
    )
  })

  it("are bounded by --pids-limit", async () => {
    assert.strictEqual(await shOk(["--pids-limit", "20"], limit("pids/pids.max", "pids.max")), "20\n")
    const { stderr } = await sh(["--pids-limit", "8"], "for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait")
    assert.include(stderr, "can't fork: Resource temporarily unavailable")
  })

  it("are shared by --cpu-shares and bounded by --cpus", async () => {
    assert.strictEqual(await on.docker.ok("run", "--rm", "--cpus", "0.5", "busybox", "true"), "")
    assert.match(await shOk(["--cpus", "0.5"], limit("cpu/cpu.cfs_quota_us", "cpu.max")), /^50000\b/)
  })
})

describe("the network of docker run", () => {
  it("has the name of --hostname, in /etc/hosts too", async () => {
    const [name, domain, file, hosts] = (
      await shOk(
        ["--hostname", "box", "--domainname", "example.test"],
        "hostname; hostname -f; cat /etc/hostname; tail -n1 /etc/hosts"
      )
    ).split("\n")
    assert.deepEqual([name, domain, file], ["box", "box.example.test", "box"])
    assert.match(hosts ?? "", /^172\.\d+\.\d+\.\d+\tbox\.example\.test box$/)
  })

  it("calls itself by the short id otherwise", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "hostname")
    await on.docker.ok("wait", id)
    assert.strictEqual(await on.docker.ok("logs", id), id.slice(0, 12))
  })

  it("knows the hosts of --add-host and the servers of --dns", async () => {
    const files = await shOk(
      ["--add-host", "db:10.1.2.3", "--dns", "192.0.2.9", "--dns-search", "example.test", "--dns-option", "ndots:2"],
      "cat /etc/hosts /etc/resolv.conf"
    )
    assert.include(files, "10.1.2.3\tdb\n")
    assert.include(files, "nameserver 192.0.2.9\n")
    assert.include(files, "search example.test\n")
    assert.include(files, "options ndots:2\n")
  })

  it("is only loopback with --network none", async () => {
    assert.strictEqual(await shOk(["--network", "none"], "ls /sys/class/net; wc -l </proc/net/route"), "lo\n1\n")
  })

  it("is the daemon's own with --network host", async () => {
    const inside = await shOk(["--network", "host"], "wc -l </proc/net/dev; cat /proc/sys/kernel/hostname")
    const outside = readFileSync(`/proc/${on.daemon.pid()}/net/dev`, "utf8").trim().split("\n").length
    assert.strictEqual(inside, `${outside}\n${readFileSync("/proc/sys/kernel/hostname", "utf8")}`)
  })

  it("is another container's with --network container:x", async () => {
    await on.docker.ok(
      "run",
      "-d",
      "--name",
      "owner",
      "-h",
      "owner-host",
      "busybox",
      "nc",
      "-ll",
      "-p",
      "7777",
      "-e",
      "echo",
      "hi"
    )
    assert.strictEqual(
      await shOk(["--network", "container:owner"], "hostname; nc 127.0.0.1 7777 </dev/null"),
      "owner-host\nhi\n"
    )
    await refused(
      125,
      "conflicting options: hostname and the network mode",
      ...["--network", "container:owner", "-h", "other", "busybox"]
    )
  })

  it("is a bridge otherwise, with a way out to its gateway", async () => {
    const [devices, answer] = (
      await shOk(
        [],
        "ls /sys/class/net | xargs; ping -c1 -W2 $(ip r | awk '/default/{print $3}') | grep -c '1 packets received'"
      )
    ).split("\n")
    assert.deepEqual([devices, answer], ["eth0 lo", "1"])
  })
})

describe("the labels of docker run", () => {
  it("are those of --label, and filters find them", async () => {
    await on.docker.ok("run", "-d", "--name", "labelled", "--label", "a=b", "--label", "bare", "busybox", "sleep", "60")
    assert.strictEqual(
      await on.docker.ok("inspect", "-f", "{{json .Config.Labels}}", "labelled"),
      '{"a":"b","bare":""}'
    )
    assert.strictEqual(
      await on.docker.ok("ps", "--format", "{{.Names}}", "--filter", "label=a=b", "--filter", "label=bare"),
      "labelled"
    )
    assert.strictEqual(await on.docker.ok("ps", "-q", "--filter", "label=a=c"), "")
  })
})
