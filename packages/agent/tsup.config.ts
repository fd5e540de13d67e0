import { fileURLToPath } from "node:url"
import { defineConfig } from "tsup"

export default defineConfig({
  entry: { agent: "src/main.ts" },
  platform: "node",
  target: "node22",
  format: "esm",
  splitting: false,
  treeshake: true,
  minify: true,
  removeNodeProtocol: false,
  clean: true,
  // The terminal is a native module: it lies beside the bundle where an image has one.
  external: ["@lydell/node-pty"],
  noExternal: [/^(?!@lydell\/node-pty$).*/],
  // Its native module loads in no foreign image.
  esbuildOptions: (options) => {
    options.alias = { "@sockerless/libc": fileURLToPath(new URL("./src/without-libc.ts", import.meta.url)) }
  },
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
  }
})
