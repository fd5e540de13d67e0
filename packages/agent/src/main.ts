import { constants } from "node:os"
import { Agent } from "./agent.ts"
import { settingsOf, userEnvironment } from "./settings.ts"

const settings = settingsOf(process.env)
const agent = new Agent({
  ...settings,
  process: { ...settings.process, env: [...userEnvironment(process.env), ...settings.process.env] }
})
for (const name of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const) {
  process.on(name, () => agent.signal(constants.signals[name]))
}
// A defect beside the user's process must not end it: in a container we are what it lives by.
process.on("uncaughtException", (error) => console.error(`sockerless agent: ${error.stack ?? error.message}`))
process.exit(await agent.run())
