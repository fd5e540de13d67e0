export { command, type Desk, hasGh, type Result, sitDown } from "./command.ts"
export { type Hub, openHub } from "./server.ts"
