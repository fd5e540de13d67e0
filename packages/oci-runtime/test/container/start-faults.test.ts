import { assert, describe, it } from "@effect/vitest"
import { createFailure } from "../../src/container/start-faults.ts"

const codeOf = (program: string, reason: string): { exitCode: number; kind: string; detail: string } => {
  const fault = createFailure(program, reason)
  return { exitCode: fault.exitCode, kind: fault.kind, detail: fault.message.split("process: ")[1] ?? "" }
}

describe("why a process could not start", () => {
  it("is 127 for an executable that is not there, in either runtime's words", () => {
    const bare = { exitCode: 127, kind: "invalid", detail: 'exec: "nope": executable file not found in $PATH: unknown' }
    assert.deepStrictEqual(codeOf("nope", "executable file `nope` not found in $PATH: No such file or directory"), bare)
    assert.deepStrictEqual(codeOf("nope", 'exec: "nope": executable file not found in $PATH'), bare)
    const path = { exitCode: 127, kind: "invalid", detail: 'exec: "/x": stat /x: no such file or directory: unknown' }
    assert.deepStrictEqual(codeOf("/x", "executable file `/x` not found: No such file or directory"), path)
    assert.deepStrictEqual(codeOf("/x", 'exec: "/x": stat /x: no such file or directory'), path)
  })

  it("is 126 for one that may not be executed", () => {
    assert.strictEqual(codeOf("/x", "open executable: Permission denied").exitCode, 126)
    assert.strictEqual(codeOf("/x", 'exec: "/x": permission denied').exitCode, 126)
    assert.strictEqual(codeOf("/etc", "open executable: Operation not permitted").exitCode, 126)
  })

  it("is the machine's failure when the same words speak of something else", () => {
    const others = [
      "mount `/opt/exec` to `data`: No such file or directory",
      "open /proc/sys/net/nope: No such file or directory",
      "executable file `other` not found in $PATH: No such file or directory",
      "exec hook `/usr/bin/stat`: Permission denied"
    ]
    for (const reason of others) {
      assert.deepStrictEqual(codeOf("sh", reason), { exitCode: 128, kind: "failed", detail: `${reason}: unknown` })
    }
  })
})
