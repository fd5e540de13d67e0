import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { lstatSync, mkdtempSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { once } from "node:events"
import { join } from "node:path"
import { tmpdir } from "node:os"
import { listenUnixHeld, llistxattr, lgetxattr, lsetxattr, makedev, mknod, SystemCallFailed } from "../src/index.ts"

const folder = () => mkdtempSync(join(tmpdir(), "libc-"))

describe("libc", () => {
  it("makes a fifo and says the errno name when it cannot", () => {
    const path = join(folder(), "fifo")
    mknod(path, 0o010644, 0)
    assert.isTrue(lstatSync(path).isFIFO())
    try {
      mknod(path, 0o010644, 0)
      assert.fail("the second mknod must fail")
    } catch (error) {
      assert.instanceOf(error, SystemCallFailed)
      assert.strictEqual((error as SystemCallFailed).code, "EEXIST")
    }
  })

  it("packs device numbers like the kernel", () => {
    assert.strictEqual(makedev(1, 3), 0x103)
    assert.strictEqual(makedev(8, 300), (300 & 0xff) + 0x800 + 0x100000)
  })

  it("round-trips an extended attribute", () => {
    const path = join(folder(), "file")
    writeFileSync(path, "")
    lsetxattr(path, "trusted.sockerless", Buffer.from("value"))
    assert.include(llistxattr(path), "trusted.sockerless")
    assert.strictEqual(lgetxattr(path, "trusted.sockerless").toString(), "value")
  })

  it("holds a listening socket that Node serves by its fd", async () => {
    const path = join(folder(), "held.sock")
    const fd = listenUnixHeld(path, 16)
    const client = connect(path)
    await once(client, "connect")
    const server = createServer((socket) => socket.end("served"))
    server.listen({ fd })
    const [chunk] = (await once(client, "data")) as [Buffer]
    assert.strictEqual(chunk.toString(), "served")
    server.close()
    client.destroy()
  })

  it("replaces the process image and keeps the environment it was given", () => {
    const script = `import { execve } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)}
execve("/bin/sh", ["sh", "-c", "echo $GREETING $$"], { GREETING: "hello" })`
    const result = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script], { encoding: "utf8" })
    assert.strictEqual(result.stdout, `hello ${result.pid}\n`, result.stderr)
  })

  it("keeps an inheritable descriptor from a child once it is told to", () => {
    // In a process of its own: it concerns every descriptor, and this one's belong to other tests too.
    const script = `
      import { spawnSync } from "node:child_process"
      import { openSync } from "node:fs"
      import { inheritable, keepDescriptors } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)}
      const fd = openSync("/dev/null", "r")
      const look = () => spawnSync("/bin/sh", ["-c", "[ -e /proc/self/fd/" + fd + " ]"]).status
      inheritable(fd)
      const before = look()
      keepDescriptors()
      console.log(before, look())`
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" })
    assert.strictEqual(stdout, "0 1\n", stderr)
  })
})
