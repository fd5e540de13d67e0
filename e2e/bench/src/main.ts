import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import type { Case, Extent } from "./case.ts"
import { concurrent } from "./cases/concurrent.ts"
import { copy } from "./cases/copy.ts"
import { exec } from "./cases/exec.ts"
import { list } from "./cases/list.ts"
import { load } from "./cases/load.ts"
import { memory } from "./cases/memory.ts"
import { attached, logs } from "./cases/output.ts"
import { recovery } from "./cases/recovery.ts"
import { run } from "./cases/run.ts"
import { start } from "./cases/start.ts"
import type { Figure } from "./figure.ts"
import { loadNow, machineFacts } from "./machine.ts"
import { lineOf, pageOf } from "./report.ts"

const all: ReadonlyArray<Case> = [run, exec, concurrent, logs, attached, copy, load, list, memory, start, recovery]

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true } }
})
const unknown = values.only?.find((name) => all.every((one) => one.name !== name))
if (unknown !== undefined) {
  process.stderr.write(`no case "${unknown}"; there are: ${all.map(({ name }) => name).join(", ")}\n`)
  process.exit(2)
}

const extent: Extent = { quick: values.quick, choose: (whole, quick) => (values.quick ? quick : whole) }
const loadBefore = loadNow()
const facts = machineFacts()
process.stdout.write(`${facts.join("\n")}\n`)
const figures: Array<Figure> = []
// A part of the cases, or small amounts, must not replace the page that a whole run wrote.
const isWhole = !values.quick && values.only === undefined
const page = new URL("../results.md", import.meta.url)
for (const one of all.filter(({ name }) => values.only?.includes(name) ?? true)) {
  process.stdout.write(`${one.name}\n`)
  const measured = await one.measure(extent)
  figures.push(...measured)
  process.stdout.write(`${measured.map(lineOf).join("\n")}\n`)
  // After each case, so that a run that is cut short leaves what it has measured.
  if (isWhole) writeFileSync(page, pageOf(figures, { facts, loadBefore, loadAfter: loadNow() }))
}
if (isWhole) process.stdout.write(`written to ${page.pathname}\n`)
