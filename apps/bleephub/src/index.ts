export { type Made, type Seed, seedHub } from "./server/seed.ts"
export { startServer, type Started, type StartOptions } from "./server/start.ts"
