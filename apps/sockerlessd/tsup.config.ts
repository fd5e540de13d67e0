import { copyFile } from "node:fs/promises"
import { defineConfig } from "tsup"

export default defineConfig({
  entry: {
    main: "src/main.ts",
    daemon: "src/daemon.ts",
    "store-worker": "../../packages/store/src/worker.ts",
    "archive-helper": "../../packages/oci-runtime/src/archive/helper.ts"
  },
  platform: "node",
  target: "node24",
  format: "esm",
  // One chunk per lazily imported part: the launcher must not read what only the daemon needs.
  splitting: true,
  treeshake: true,
  // node:sqlite exists under no other name.
  removeNodeProtocol: false,
  clean: true,
  sourcemap: true,
  // Native modules stay outside; everything else is in the bundle.
  external: ["koffi"],
  noExternal: [/^(?!koffi$).*/],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
  },
  onSuccess: async () => copyFile("src/launch/supervise.sh", "dist/supervise.sh")
})
