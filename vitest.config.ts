import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Node strips the types of a module in each thread and process that loads it, unless it finds the result here. That was
// half of the processor time of the tests that start threads.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/compile");

/**
 * `fast` runs before every commit; `slow` holds what needs processes, disks or many seconds. `npm test` runs both. `long` is
 * left to `npm run torture`: the fast tests try a share of it.
 */
const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    // What is waited for comes late on a slow machine.
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: "100%",
    // The files of a worker share its modules: loading them anew for each was a quarter of the fast tests' processor time.
    // A test undoes what it changes of the process.
    isolate: false,
    // V8 may end a process whose threads strip types: docs/adr/0016-threads-without-compiled-wrappers.md. The tests open engines
    // by the hundred, each with 4 MiB for its ring: a larger young generation takes a twelfth of the processor time away.
    execArgv: ["--wasm-wrapper-tiering-budget=2147483647", "--max-semi-space-size=64", "--min-semi-space-size=32"],
    globalSetup: ["test/temporary-folder.ts", "test/thread-bundles.ts"],
    projects: [
      {
        test: {
          name: "fast",
          include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "datasets/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.{slow,long}.test.ts"],
          // It ends a test that hangs. How fast the machine is decides nothing.
          testTimeout: 400_000,
          hookTimeout: 400_000,
          setupFiles: ["test/decided-equality.ts", "test/bundled-threads.ts"],
        },
      },
      {
        test: {
          name: "slow",
          include: ["packages", "test", "bench", "datasets"].map((folder) => `${folder}/**/*.slow.test.ts`),
          testTimeout: 400_000,
          hookTimeout: 400_000,
          setupFiles: ["test/decided-equality.ts", "test/bundled-threads.ts"],
        },
      },
      {
        test: {
          name: "long",
          include: ["packages/*/test/**/*.long.test.ts"],
          testTimeout: 400_000,
          hookTimeout: 400_000,
          setupFiles: ["test/decided-equality.ts", "test/bundled-threads.ts"],
        },
      },
    ],
  },
});

export default config;
