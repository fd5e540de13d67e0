import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{packages,apps}/**/test/**/*.test.ts"],
          exclude: ["**/node_modules/**"],
          pool: "threads",
          isolate: false,
          testTimeout: 20_000
        }
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["e2e/**/test/**/*.test.ts"],
          exclude: ["**/node_modules/**"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000
        }
      }
    ]
  }
})
