export * from "./container/index.ts"
export * from "./stdio/index.ts"
export * from "./archive/index.ts"
export * from "./network/index.ts"
