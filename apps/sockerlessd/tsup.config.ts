import { copyFile } from "node:fs/promises"
import { isBuiltin } from "node:module"
import { defineConfig, type Options } from "tsup"

type Plugin = NonNullable<Options["esbuildPlugins"]>[number]

/** Exports of one of Node's modules that are plain values; the others load something when they are read. */
const plainExports = (path: string): ReadonlyArray<string> =>
  Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(path)))
    .filter(([name, property]) => property.get === undefined && /^[A-Za-z_]\w*$/.test(name) && name !== "default")
    .map(([name]) => name)

/**
 * Takes Node's modules as objects instead of importing them. An import reads every export once, and reading those of
 * `node:http` loads a whole HTTP client: a quarter of the time to start and megabytes that nobody uses.
 */
const builtinsAsObjects: Plugin = {
  name: "builtins-as-objects",
  setup: (build) => {
    build.onResolve({ filter: /^[a-z]/ }, ({ path, kind, importer }) => {
      if (!isBuiltin(path) || kind === "require-resolve") return undefined
      // A cloud's SDK is loaded long after the start, and takes exports that are no plain values.
      if (/\/@(aws-sdk|smithy|aws-crypto)\//.test(importer)) return { path, external: true }
      return { path, namespace: kind === "require-call" ? "require" : "import" }
    })
    // Its module for `import` imports Node's in turn; the one for `require` does not.
    build.onResolve({ filter: /^koffi$/ }, ({ path }) => ({ path, namespace: "native" }))
    build.onLoad({ filter: /.*/, namespace: "native" }, ({ path }) => ({
      contents: `export default process.getBuiltinModule("node:module").createRequire(import.meta.url)("${path}")`
    }))
    build.onLoad({ filter: /.*/, namespace: "require" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("${path}")`
    }))
    build.onLoad({ filter: /.*/, namespace: "import" }, ({ path }) => ({
      contents: [
        `const builtin = process.getBuiltinModule("${path}")`,
        "export default builtin",
        ...plainExports(path).map((name) => `const ${name}_ = builtin.${name}; export { ${name}_ as ${name} }`)
      ].join("\n")
    }))
  }
}

export default defineConfig({
  entry: {
    main: "src/main.ts",
    daemon: "src/daemon.ts",
    "store-worker": "../../packages/store/src/worker.ts",
    "archive-helper": "../../packages/oci-runtime/src/archive/archive-helper.ts"
  },
  platform: "node",
  target: "node24",
  format: "esm",
  // One chunk per lazily imported part: the launcher must not read what only the daemon needs.
  splitting: true,
  treeshake: true,
  // node:sqlite exists under no other name.
  removeNodeProtocol: false,
  esbuildPlugins: [builtinsAsObjects],
  clean: true,
  sourcemap: true,
  // koffi, a native module, stays outside by the plugin; everything else is in the bundle.
  noExternal: [/.*/],
  banner: {
    js: 'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);'
  },
  onSuccess: async () => copyFile("src/launch/supervise.sh", "dist/supervise.sh")
})
