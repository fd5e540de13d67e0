import { join } from "node:path"
import { main } from "./cli/main.ts"

const dist = import.meta.dirname

process.exitCode = await main(process.argv.slice(2), {
  daemon: join(dist, "daemon.js"),
  supervisor: join(dist, "supervise.sh")
})
