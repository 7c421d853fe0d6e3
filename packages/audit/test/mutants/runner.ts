/**
 * Runs test files with one bug planted at a time, all in one process: what vitest has loaded and transformed stays, only the
 * source with the bug is transformed anew. Started by `runners.ts`, which sends the name of a bug and gets the verdict.
 * @module
 */
import { fileURLToPath } from "node:url";
import { createVitest, type Vitest } from "vitest/node";
import { MUTANTS, type Mutant } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const sourceOf = ({ file }: Mutant): string => `${ROOT}packages/${file}`;

/** The bug that is planted now, and whether its source was loaded with it. */
let planted: Mutant | undefined;
let isLoaded = false;

const isPlantedIn = (id: string): boolean => planted !== undefined && id.split("?")[0] === sourceOf(planted);

function plant(source: string, id: string): { code: string; map: null } | undefined {
  if (planted === undefined || !isPlantedIn(id)) return undefined;
  const { file, find, replace } = planted;
  if (source.split(find).length !== 2) throw new Error(`${file} does not hold the text once`);
  isLoaded = true;
  return { code: source.replace(find, () => replace), map: null };
}

function start(): Promise<Vitest> {
  const test = {
    root: ROOT,
    config: false as const,
    watch: false,
    include: ["packages/*/test/**/*.test.ts"],
    // A thread a run: the process has what a test must not find changed by the run before.
    pool: "threads",
    maxWorkers: 1,
    testTimeout: 60_000,
    bail: 1,
    fsModuleCache: true,
    reporters: [{}],
  };
  return createVitest("test", test, {
    plugins: [
      {
        name: "plant",
        enforce: "pre",
        // The source with the bug is neither taken from the cache nor put there.
        configureVitest: ({ defineCacheKeyGenerator }): void =>
          defineCacheKeyGenerator(({ id }) => (isPlantedIn(id) ? false : undefined)),
        transform: plant,
      },
    ],
  });
}

/** `red` when a test failed; anything else is a bug that no test notices. */
async function verdictOn(vitest: Vitest, mutant: Mutant): Promise<string> {
  planted = mutant;
  isLoaded = false;
  vitest.invalidateFile(sourceOf(mutant));
  vitest.state.filesMap.clear();
  if (mutant.title === undefined) vitest.resetGlobalTestNamePattern();
  else vitest.setGlobalTestNamePattern(mutant.title);
  try {
    const specifications = await vitest.globTestSpecifications([`packages/${mutant.test}`]);
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
    const states = testModules.flatMap(({ children }) => [...children.allTests()].map((test) => test.result().state));
    const problems = [...testModules.flatMap((module) => module.errors()), ...unhandledErrors];
    const verdict = states.includes("failed") ? "red" : states.includes("passed") ? "green" : "no test ran";
    const all =
      verdict === "red" ? verdict : [verdict, ...problems.map((problem) => JSON.stringify(problem))].join(": ");
    return isLoaded ? all : `never planted, ${all}`;
  } finally {
    planted = undefined;
    vitest.invalidateFile(sourceOf(mutant));
  }
}

const vitest = await start();
process.on("message", async (name: string) => {
  const mutant = MUTANTS.find((known) => known.name === name);
  if (mutant === undefined) throw new Error(`no planted bug is named ${name}`);
  process.send?.(await verdictOn(vitest, mutant));
});
process.on("disconnect", () => void vitest.close().finally(() => process.exit()));
