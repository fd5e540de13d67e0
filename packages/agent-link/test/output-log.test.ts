import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { OutputLog } from "../src/output-log.ts"
import { encodeOutput, outputCutter } from "../src/protocol/index.ts"

const record = (text: string): Buffer => encodeOutput({ source: 1, nanos: 5n, bytes: Buffer.from(text) })

const inFolder = async (act: (file: string) => Promise<void>) => {
  const folder = mkdtempSync(join(tmpdir(), "output-log-"))
  try {
    await act(join(folder, "log"))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const contentOf = (file: string) =>
  outputCutter()
    .push(readFileSync(file))
    .map(({ source, bytes }) => `${source}:${bytes.toString()}`)

/** Whole records as one stream, cut into pieces anywhere. */
const pieces = fc
  .tuple(
    fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 12 }),
    fc.array(fc.nat({ max: 40 }), { maxLength: 30 })
  )
  .map(([texts, cuts]) => {
    const all = Buffer.concat(texts.map(record))
    const parts: Array<Buffer> = []
    let at = 0
    for (const cut of cuts) {
      parts.push(all.subarray(at, at + cut))
      at += cut
    }
    parts.push(all.subarray(at))
    return { texts, all, parts: parts.filter(({ length }) => length > 0) }
  })

describe("OutputLog", () => {
  it(
    "tells after any cut of the file which byte comes next, and the rest completes it",
    () =>
      fc.assert(
        fc.asyncProperty(pieces, fc.nat(), ({ texts, all, parts }, cutAt) =>
          inFolder(async (file) => {
            const log = new OutputLog(file)
            for (const part of parts) log.append(part)
            await log.close()
            assert.strictEqual(log.next, all.length)
            // What a power cut leaves: any beginning of the file.
            const left = cutAt % (all.length + 1)
            truncateSync(file, left)
            const again = new OutputLog(file)
            assert.strictEqual(again.next, left)
            again.append(all.subarray(left))
            await again.close()
            assert.deepStrictEqual(
              contentOf(file),
              texts.map((text) => `1:${text}`)
            )
          })
        ),
        { numRuns: 40 }
      ),
    60_000
  )

  it("cuts the record that a gap breaks, notes the gap, and remembers over a restart where the stream stands", () =>
    inFolder(async (file) => {
      const kept: Array<number> = []
      const log = new OutputLog(file)
      log.onKept = (position) => kept.push(position)
      const whole = record("whole")
      log.append(whole)
      log.append(record("broken by the gap").subarray(0, 20))
      log.gap(1000)
      assert.strictEqual(log.next, 1000)
      log.append(record("after"))
      await log.close()
      const end = 1000 + record("after").length
      assert.strictEqual(kept.at(-1), end)
      assert.deepStrictEqual(contentOf(file), ["1:whole", '4:{"event":"gap","to":1000}', "1:after"])
      const again = new OutputLog(file)
      assert.strictEqual(again.next, end)
      again.gap(5000)
      await again.close()
      assert.strictEqual(new OutputLog(file).next, 5000)
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    }))

  it.skipIf(!existsSync("/dev/full"))("says that it cannot be written, and keeps nothing from then on", async () => {
    const log = new OutputLog("/dev/full")
    const failures: Array<string> = []
    const kept: Array<number> = []
    log.onFailed = (error) => failures.push(error.message)
    log.onKept = (position) => kept.push(position)
    log.append(record("late"))
    const outcome = await log.settled().then(
      () => "kept",
      (error: Error) => error.message
    )
    assert.include(outcome, "ENOSPC")
    log.append(record("later"))
    await log.close()
    assert.deepStrictEqual([failures.length, kept], [1, []])
  })
})
