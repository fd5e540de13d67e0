// Sums the counts of all suites into the closing line: `count.mjs <folder> [failed step ...]`.
// A step that failed without counts of its own (types, lint, build, a suite that gave none) counts as one failure.
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import process from "node:process"

const [, , folder, ...failedSteps] = process.argv
const total = { passed: 0, failed: 0, skipped: 0 }
const told = new Set()
for (const name of readdirSync(folder)) {
  const counts = JSON.parse(readFileSync(join(folder, name), "utf8"))
  for (const key of Object.keys(total)) total[key] += counts[key]
  if (counts.failed > 0) told.add(basename(name, ".json"))
}
total.failed += failedSteps.filter((step) => !told.has(step)).length
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)
