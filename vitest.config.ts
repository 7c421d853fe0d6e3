import { defineConfig } from "vitest/config";

/** `fast` runs before every commit; `slow` holds what needs processes, disks or many seconds. `npm test` runs both. */
const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    maxWorkers: "100%",
    // V8 may end a process whose threads strip types: docs/adr/0016-threads-without-compiled-wrappers.md.
    execArgv: ["--wasm-wrapper-tiering-budget=2147483647"],
    projects: [
      {
        test: {
          name: "fast",
          include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "datasets/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.slow.test.ts"],
          testTimeout: 30_000,
          setupFiles: ["test/decided-equality.ts"],
        },
      },
      {
        test: {
          name: "slow",
          include: ["packages/*/test/**/*.slow.test.ts", "test/**/*.slow.test.ts", "bench/**/*.slow.test.ts"],
          testTimeout: 240_000,
          setupFiles: ["test/decided-equality.ts"],
        },
      },
    ],
  },
});

export default config;
