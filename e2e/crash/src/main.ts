import { killpointNames } from "@sockerless/killpoints"
import { chaos } from "./chaos.ts"

const form = process.env["CHAOS_FORM"] ?? "full"
const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000)
const kills = Number(process.env["CHAOS_KILLS"] ?? (form === "short" ? 12 : 200))
const points = process.env["CHAOS_POINTS"]?.split(",").filter((name) => name !== "") ?? killpointNames
const again = form === "long" ? points : []

const say = (line: string) => process.stdout.write(`${line}\n`)

say(`chaos with seed ${seed}: ${kills} kills at random moments, ${points.length} kill points`)
const report = await chaos({ seed, kills, points, again, withinMillis: Number.POSITIVE_INFINITY, say })
say(`seed                ${report.seed}`)
say(`kills               ${report.kills}`)
say(`points hit          ${report.pointsHit.length} of ${report.pointsKnown} known`)
if (report.pointsMissed.length > 0) say(`points not reached  ${report.pointsMissed.join(", ")}`)
say(`ready again after   ${report.recoveryMillis.median} ms (median), ${report.recoveryMillis.max} ms (max)`)
process.exit(report.pointsMissed.length === 0 ? 0 : 1)
