/** Runs one test file with one bug planted: the source is changed as it is loaded, and a file says that it was. */
import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { MUTANTS } from "./mutants.ts";

const mutant = MUTANTS.find(({ name }) => name === process.env["CALYBRIS_MUTANT"]);
const target = mutant && fileURLToPath(new URL(`../../../${mutant.file}`, import.meta.url));

const config: ReturnType<typeof defineConfig> = defineConfig({
  plugins: [
    {
      name: "plant",
      enforce: "pre",
      transform: (source: string, id: string) => {
        if (mutant === undefined || id.split("?")[0] !== target) return undefined;
        if (source.split(mutant.find).length !== 2) throw new Error(`${mutant.file} does not hold the text once`);
        appendFileSync(process.env["CALYBRIS_MUTANT_PLANTED"] ?? "", "planted\n");
        return { code: source.replace(mutant.find, () => mutant.replace), map: null };
      },
    },
  ],
  // What was loaded without the bug must not be taken from a cache, nor what is loaded with it be put there.
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    testTimeout: 60_000,
    maxWorkers: 1,
    bail: 1,
    fsModuleCache: false,
  },
});

export default config;
