/**
 * Runs one search with one bug planted, in a process of its own: the source is changed as it is loaded. Says what the
 * search found on the last line: `red` with the problem, or `green`.
 *
 *     node packages/engine/test/mutants-process.ts "a torn tail is not blanked"
 * @module
 */
import { registerHooks } from "node:module";
import { MUTANTS, type Mutant } from "./mutants.ts";

/** Few disks at each moment, and a kill at every fourth: most bugs are seen by the process that comes after. */
const MANY_KILLS = {
  exhaustiveSectorsMax: 3,
  samples: 4,
  killEvery: 4,
  followEvery: 4,
  serveEvery: 1,
  processesMax: 2,
};
const MILLISECONDS = 60_000;

const SEARCHES: Readonly<Record<Mutant["search"], () => Promise<unknown>>> = {
  crash: async () => {
    const { searchCrashes } = await import("./crash-workloads.ts");
    return searchCrashes({ seed: 1, milliseconds: MILLISECONDS, states: 0, size: MANY_KILLS });
  },
  fault: async () => {
    const { searchAllFaults } = await import("./fault-scenarios.ts");
    return searchAllFaults({ seed: 1, milliseconds: MILLISECONDS, every: 3 });
  },
  flip: async () => {
    const { searchFlips } = await import("./flip-search.ts");
    return searchFlips({ milliseconds: MILLISECONDS, bits: 1, every: 3, auditEvery: 1_000_000 });
  },
};

const mutant = MUTANTS.find(({ name }) => name === process.argv[2]);
if (mutant === undefined)
  throw new Error(`there is no such mutant; there are ${MUTANTS.map(({ name }) => name).join(", ")}`);
const target = new URL(`../src/${mutant.file}`, import.meta.url).href;
let isPlanted = false;

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    if (url !== target) return loaded;
    const source = String(loaded.source);
    if (source.split(mutant.find).length !== 2) throw new Error(`${mutant.file} does not hold the text once`);
    isPlanted = true;
    return { ...loaded, source: source.replace(mutant.find, () => mutant.replace) };
  },
});

try {
  await SEARCHES[mutant.search]();
  console.log(isPlanted ? "green" : "never loaded");
} catch (error) {
  console.log(`red ${isPlanted ? (error as Error).message.split("\n", 2).join(" ") : "without it"}`);
}
process.exit(0);
