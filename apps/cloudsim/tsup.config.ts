import { defineConfig } from "tsup"

export default defineConfig({
  entry: { main: "src/main.ts", "store-worker": "../../packages/store/src/worker.ts" },
  platform: "node",
  target: "node24",
  format: "esm",
  splitting: true,
  treeshake: true,
  // node:sqlite exists under no other name.
  removeNodeProtocol: false,
  clean: true,
  sourcemap: true,
  // Native modules stay outside; everything else is in the bundle. No simulator opens a terminal.
  external: ["koffi", "@lydell/node-pty"],
  noExternal: [/^(?!koffi$|@lydell\/node-pty$).*/],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
  }
})
