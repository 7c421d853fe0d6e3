/** Runs one test file with one bug planted: the source is changed as it is loaded, and a file says that it was. */
import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import type { VitestPluginContext } from "vitest/node";
import { MUTANTS } from "./mutants.ts";

const mutant = MUTANTS.find(({ name }) => name === process.env["CALYBRIS_MUTANT"]);
const target = mutant && fileURLToPath(new URL(`../../../${mutant.file}`, import.meta.url));

const config: ReturnType<typeof defineConfig> = defineConfig({
  plugins: [
    {
      name: "plant",
      enforce: "pre",
      // Sources without the bug are transformed once for all bugs; the one with it is neither taken from the cache nor put there.
      configureVitest: ({ defineCacheKeyGenerator }: VitestPluginContext): void =>
        defineCacheKeyGenerator(({ id }) => (id.split("?")[0] === target ? false : undefined)),
      transform: (source: string, id: string) => {
        if (mutant === undefined || id.split("?")[0] !== target) return undefined;
        if (source.split(mutant.find).length !== 2) throw new Error(`${mutant.file} does not hold the text once`);
        appendFileSync(process.env["CALYBRIS_MUTANT_PLANTED"] ?? "", "planted\n");
        return { code: source.replace(mutant.find, () => mutant.replace), map: null };
      },
    },
  ],
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    testTimeout: 60_000,
    maxWorkers: 1,
    bail: 1,
    fsModuleCache: true,
  },
});

export default config;
