// Runs one vitest project and writes its counts: `suite.mjs <project> <counts.json>`.
// With CI set, each file with a failed test gets further runs of its own; what fails every time stays failed.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import process from "node:process"

const FURTHER_RUNS = process.env["CI"] ? 2 : 0
const [, , project, countsFile] = process.argv
const folder = mkdtempSync(join(tmpdir(), "suite-"))

/** One run of vitest: its exit code and, per test file, the state of each test by full name. */
const run = (files) => {
  const report = join(folder, "report.json")
  rmSync(report, { force: true })
  const { status } = spawnSync(
    "vitest",
    ["run", "--root", ".", "--config", "packages/house/vitest.config.ts", "--project", project]
      .concat(["--reporter=default", "--reporter=json", `--outputFile.json=${report}`])
      .concat(files),
    { stdio: ["ignore", "inherit", "inherit"] }
  )
  const byFile = new Map()
  let read
  try {
    read = JSON.parse(readFileSync(report, "utf8"))
  } catch (error) {
    console.log(`no report of ${project}: ${error.message}`)
    return { status: status ?? 1, byFile }
  }
  for (const { name, status: state, assertionResults } of read.testResults) {
    const tests = new Map(assertionResults.map((test) => [test.fullName, test.status]))
    // A file that could not be loaded has no tests: it counts as one that failed.
    if (tests.size === 0 && state === "failed") tests.set("(the file itself)", "failed")
    // A failed hook leaves its tests "skipped" and fails the file only.
    if (state === "failed" && ![...tests.values()].includes("failed")) tests.set("(a hook of the file)", "failed")
    byFile.set(relative(process.cwd(), name), tests)
  }
  return { status: status ?? 1, byFile }
}

const failedFiles = (byFile) =>
  [...byFile].filter(([, tests]) => [...tests.values()].includes("failed")).map(([f]) => f)

let { status, byFile } = run([])
const unexplained = () => status !== 0 && failedFiles(byFile).length === 0
for (let more = 0; more < FURTHER_RUNS && unexplained(); more++) {
  console.log(`${project} ended with ${status} though no test failed: running it again`)
  ;({ status, byFile } = run([]))
}
let broken = unexplained() ? 1 : 0
for (let more = 0; more < FURTHER_RUNS; more++) {
  for (const file of failedFiles(byFile)) {
    console.log(`running again, alone: ${file}`)
    const again = run([file])
    const tests = again.byFile.get(file)
    if (tests === undefined) continue
    byFile.set(file, tests)
    if (again.status === 0) console.log(`passed when run again: ${file}`)
  }
}
const counts = { passed: 0, failed: broken, skipped: 0 }
for (const [file, tests] of byFile) {
  for (const [name, state] of tests) {
    if (state === "passed") counts.passed++
    else if (state === "failed") {
      counts.failed++
      console.log(`FAILED ${file} > ${name}`)
    } else counts.skipped++
  }
}
rmSync(folder, { recursive: true, force: true })
writeFileSync(countsFile, JSON.stringify(counts))
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1)
