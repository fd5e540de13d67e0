export * from "./container/index.ts"
