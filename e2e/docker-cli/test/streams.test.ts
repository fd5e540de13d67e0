import { until } from "@sockerless/e2e-kit"
import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtempSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { judged } from "../src/index.ts"

const on = judged()

const MEBIBYTE = 1024 * 1024
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")

describe("docker run -i", () => {
  it("reads a tar from the client's pipe: tar c | docker run -i busybox tar t", async () => {
    const folder = mkdtempSync(join(on.daemon.folder, "tar-"))
    writeFileSync(join(folder, "a"), "one")
    writeFileSync(join(folder, "b"), Buffer.alloc(300_000, 7))
    const tar = execFileSync("tar", ["c", "-C", folder, "a", "b"])
    const { code, stdout } = await on.docker.run(["run", "--rm", "-i", "busybox", "tar", "t"], { input: tar })
    assert.deepEqual([code, stdout], [0, "a\nb\n"])
  })

  it("is exact for 20 MB of any bytes inwards", async () => {
    const bytes = randomBytes(20 * MEBIBYTE)
    const { code, stdout } = await on.docker.run(["run", "--rm", "-i", "busybox", "sha256sum"], { input: bytes })
    assert.deepEqual([code, stdout], [0, `${sha256(bytes)}  -\n`])
  })

  it("is exact for 20 MB of any bytes outwards", async () => {
    const line = "dd if=/dev/urandom of=/f bs=1M count=20 2>/dev/null; sha256sum /f >&2; cat /f"
    const sum = createHash("sha256")
    const { code, stderr } = await on.docker.run(["run", "--rm", "busybox", "sh", "-c", line], {
      onStdout: (chunk) => void sum.update(chunk)
    })
    assert.deepEqual([code, stderr], [0, `${sum.digest("hex")}  /f\n`])
  })

  it("is exact for 20 MB through the container and back", async () => {
    const bytes = randomBytes(20 * MEBIBYTE)
    const sum = createHash("sha256")
    const { code } = await on.docker.run(["run", "--rm", "-i", "busybox", "cat"], {
      input: bytes,
      onStdout: (chunk) => void sum.update(chunk)
    })
    assert.deepEqual([code, sum.digest("hex")], [0, sha256(bytes)])
  })

  it("tells the process when the client's input ends, while output goes on", async () => {
    const line = "cat; sleep 0.3; echo after the end"
    const { code, stdout } = await on.docker.run(["run", "--rm", "-i", "busybox", "sh", "-c", line], { input: "in\n" })
    assert.deepEqual([code, stdout], [0, "in\nafter the end\n"])
  })

  it("gives a process without -i an empty input", async () => {
    const { code, stdout } = await on.docker.run(["run", "--rm", "busybox", "wc", "-c"], { input: "not for you" })
    assert.deepEqual([code, stdout], [0, "0\n"])
  })

  it("ends when the process ends although the client's input is open", async () => {
    const client = on.docker.background("run", "--rm", "-i", "busybox", "sh", "-c", "read x; echo got $x; exit 4")
    client.write("line\n")
    const { code, stdout } = await client.ended
    assert.deepEqual([code, stdout], [4, "got line\n"])
  })
})

describe("stdout and stderr", () => {
  it("are kept apart", async () => {
    const { stdout, stderr } = await on.docker.run(["run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2"])
    assert.deepEqual([stdout, stderr], ["out\n", "err\n"])
  })

  it("are both complete for a process that ends at once after a burst", async () => {
    const line = "seq 1 50000; seq 1 50000 >&2"
    const { stdout, stderr } = await on.docker.run(["run", "--rm", "busybox", "sh", "-c", line])
    assert.strictEqual(stdout.split("\n").length, 50_001)
    assert.strictEqual(stderr, stdout)
  })

  it("are attached alone with -a", async () => {
    const line = ["busybox", "sh", "-c", "echo out; echo err >&2"]
    const out = await on.docker.run(["run", "--rm", "-a", "stdout", ...line])
    assert.deepEqual([out.stdout, out.stderr], ["out\n", ""])
    const err = await on.docker.run(["run", "--rm", "-a", "stderr", ...line])
    assert.deepEqual([err.stdout, err.stderr], ["", "err\n"])
  })

  it("do not wait for a line's end", async () => {
    const client = on.docker.background("run", "--rm", "-i", "busybox", "sh", "-c", "printf 'no newline'; read x")
    await until("the text is here", () => (client.stdout() === "no newline" ? true : undefined))
    client.endInput()
    await client.ended
  })
})
