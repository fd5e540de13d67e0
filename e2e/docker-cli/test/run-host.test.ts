import { existsSync, mkdtempSync, readFileSync, readlinkSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { judged, runRefusal } from "../src/index.ts"

const on = judged()
const { sh, printed } = on

describe("the files of docker run", () => {
  it("cannot be written with --read-only, a tmpfs can", async () => {
    const { code, stderr } = await sh(["--read-only"], "touch /x")
    assert.deepEqual([code, stderr], [1, "touch: /x: Read-only file system\n"])
    assert.strictEqual(await printed(["--read-only", "--tmpfs", "/run"], "touch /run/x; ls /run"), "x\n")
  })

  it("have a tmpfs with the options of --tmpfs", async () => {
    const mounted = await printed(["--tmpfs", "/t:size=1m,mode=1700"], "grep ' /t ' /proc/mounts; stat -c %a /t")
    assert.strictEqual(mounted, "tmpfs /t tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k,mode=1700 0 0\n1700\n")
  })

  it("have a /dev/shm of 64 MB or of --shm-size", async () => {
    assert.strictEqual(await printed([], "df -k /dev/shm | awk 'END{print $2}'"), "65536\n")
    assert.strictEqual(await printed(["--shm-size", "8m"], "df -k /dev/shm | awk 'END{print $2}'"), "8192\n")
  })

  it("are the host's at a bind, also read only, also a file", async () => {
    const folder = mkdtempSync(join(on.daemon.folder, "bind-"))
    await printed(["-v", `${folder}:/data`], "echo hello >/data/f")
    assert.strictEqual(readFileSync(join(folder, "f"), "utf8"), "hello\n")
    const { code, stderr } = await sh(["-v", `${folder}:/data:ro`], "touch /data/g")
    assert.deepEqual([code, stderr], [1, "touch: /data/g: Read-only file system\n"])
    assert.strictEqual(await printed(["-v", `${folder}/f:/one`], "cat /one"), "hello\n")
    assert.strictEqual(
      await printed(["--mount", `type=bind,src=${folder},dst=/data,readonly`], "cat /data/f"),
      "hello\n"
    )
  })

  it("have the host's folder of -v made when it is not there", async () => {
    const folder = join(mkdtempSync(join(on.daemon.folder, "bind-")), "new")
    await printed(["-v", `${folder}:/data`], "touch /data/f")
    assert.isTrue(existsSync(join(folder, "f")))
  })

  it("have the devices of --device", async () => {
    assert.strictEqual(
      await printed(["--device", "/dev/zero:/dev/nought"], "head -c 3 /dev/nought | od -An -tx1"),
      " 00 00 00\n"
    )
  })
})

describe("the resources of docker run", () => {
  const limit = (v1: string, v2: string) => `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`

  it("are bounded by -m", async () => {
    assert.strictEqual(await printed(["-m", "64m"], limit("memory/memory.limit_in_bytes", "memory.max")), "67108864\n")
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
    assert.strictEqual(await printed(["--pids-limit", "20"], limit("pids/pids.max", "pids.max")), "20\n")
    const { stderr } = await sh(["--pids-limit", "8"], "for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait")
    assert.include(stderr, "can't fork: Resource temporarily unavailable")
  })

  it("are shared by --cpu-shares and bounded by --cpus", async () => {
    assert.strictEqual(await on.docker.ok("run", "--rm", "--cpus", "0.5", "busybox", "true"), "")
    assert.match(await printed(["--cpus", "0.5"], limit("cpu/cpu.cfs_quota_us", "cpu.max")), /^50000\b/)
  })
})

describe("the network of docker run", () => {
  it("has the name of --hostname, in /etc/hosts too", async () => {
    const [name, domain, file, hosts] = (
      await printed(
        ["--hostname", "box", "--domainname", "example.test"],
        "hostname; hostname -f; cat /etc/hostname; tail -n1 /etc/hosts"
      )
    ).split("\n")
    assert.deepEqual([name, domain, file], ["box", "box.example.test", "box"])
    assert.match(hosts ?? "", /^\d+\.\d+\.\d+\.\d+\tbox\.example\.test box$/)
  })

  it("calls itself by the short id otherwise", async () => {
    const id = await on.docker.ok("run", "-d", "busybox", "hostname")
    await on.docker.ok("wait", id)
    assert.strictEqual(await on.docker.ok("logs", id), id.slice(0, 12))
  })

  it("knows the hosts of --add-host and the servers of --dns", async () => {
    const files = await printed(
      ["--add-host", "db:10.1.2.3", "--dns", "192.0.2.9", "--dns-search", "example.test", "--dns-option", "ndots:2"],
      "cat /etc/hosts /etc/resolv.conf"
    )
    assert.include(files, "10.1.2.3\tdb\n")
    assert.include(files, "nameserver 192.0.2.9\n")
    assert.include(files, "search example.test\n")
    assert.include(files, "options ndots:2\n")
  })

  it("is only loopback with --network none", async () => {
    assert.strictEqual(await printed(["--network", "none"], "ls /sys/class/net; wc -l </proc/net/route"), "lo\n1\n")
  })

  it("is the daemon's own with --network host", async () => {
    const inside = await printed(["--network", "host"], "readlink /proc/self/ns/net; cat /proc/sys/kernel/hostname")
    const outside = readlinkSync(`/proc/${on.daemon.pid()}/ns/net`)
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
      await printed(["--network", "container:owner"], "hostname; nc 127.0.0.1 7777 </dev/null"),
      "owner-host\nhi\n"
    )
  })

  it("is not another container's while it has a name of its own", async () => {
    const message = "conflicting options: hostname and the network mode"
    await on.docker.ok("run", "-d", "--name", "other", "busybox", "sleep", "600")
    await on.fails(125, runRefusal(message), "run", "--network", "container:other", "-h", "x", "busybox")
  })

  it("is a bridge otherwise, with a way out to its gateway", async () => {
    const [devices, answer] = (
      await printed(
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
