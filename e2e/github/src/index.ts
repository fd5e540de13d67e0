export { command, type Desk, hasGh, type Result, sitDown } from "./command.ts"
export { type Hub, openHub } from "./server.ts"
export { cells, cloneNew, pushBranch } from "./repository.ts"
export { startVictim, type Victim } from "./victim.ts"
