import { copyFile } from "node:fs/promises"
import { defineConfig } from "tsup"

export default defineConfig({
  entry: {
    main: "src/main.ts",
    "store-worker": "../../packages/store/src/worker.ts"
  },
  platform: "node",
  target: "node24",
  format: "esm",
  // One chunk per lazily imported part: a start must not read what only the first query needs.
  splitting: true,
  treeshake: true,
  // node:sqlite exists under no other name.
  removeNodeProtocol: false,
  clean: true,
  sourcemap: true,
  noExternal: [/.*/],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
  },
  onSuccess: async () => {
    await copyFile(
      "../../packages/bleephub/graphql/node_modules/@octokit/graphql-schema/schema.graphql",
      "dist/schema.graphql"
    )
  }
})
