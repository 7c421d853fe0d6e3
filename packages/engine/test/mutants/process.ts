/**
 * Runs one search with one bug planted, in a process of its own: the source is changed as it is loaded, in its threads and
 * its children too. Says what the search found on the last line: `red` with the problem, or `green`.
 *
 *     node packages/engine/test/mutants/process.ts "a torn tail is not blanked"
 * @module
 */
import { existsSync } from "node:fs";
import { MUTANTS, type Mutant } from "./mutants.ts";
import { runPlanted } from "./planted.ts";

/** Few disks at each moment, and a kill at every fourth, or at every one of a named workload: most bugs are seen by the process that comes after. */
const MANY_KILLS = {
  exhaustiveSectorsMax: 3,
  samples: 4,
  killEvery: 4,
  followEvery: 4,
  serveEvery: 1,
  processesMax: 2,
};

const SEARCHES: Readonly<Record<Mutant["search"], (only: string | undefined, seed: number) => Promise<unknown>>> = {
  crash: async (only) => {
    const { searchCrashes } = await import("../search/crash/workloads.ts");
    const size = { ...MANY_KILLS, ...(only === undefined ? {} : { killEvery: 1 }) };
    return searchCrashes({ seed: 1, states: 0, size, only });
  },
  fault: async (only) => {
    const { searchAllFaults } = await import("../search/fault/scenarios.ts");
    return searchAllFaults({ seed: 1, every: 3, only });
  },
  flip: async (only) => {
    const { searchFlips } = await import("../search/flip/search.ts");
    return searchFlips({ seed: 1, bits: 1, every: 2, auditEvery: 1_000_000, isKeyed: only === "keyed" });
  },
  stop: async (_only, seed) => {
    const { searchStops } = await import("../search/stop-search.ts");
    return searchStops({ seed, cases: 300 });
  },
  lie: async () => {
    const { searchLies } = await import("../search/lie-search.ts");
    return searchLies(1, 1_500);
  },
  retry: async () => {
    const { searchRetries } = await import("../search/retry-search.ts");
    return searchRetries(1, 60);
  },
  snapshot: async () => {
    const { searchSnapshots } = await import("../search/snapshot-search.ts");
    return searchSnapshots(1, 2);
  },
  half: async () => {
    const { searchHalfApplied } = await import("../search/state-search.ts");
    return searchHalfApplied(1, 12);
  },
  room: async (_only, seed) => {
    const { searchRoom } = await import("../search/room-search.ts");
    return searchRoom(seed, 60);
  },
  leak: async (only) => {
    const { requireNothingLeft } = await import("../search/open-leaks.ts");
    return requireNothingLeft(only);
  },
  fence: async () => {
    const { searchFences } = await import("../search/fence-search.ts");
    return searchFences();
  },
  order: async () => {
    const { requireOrder } = await import("../search/crash/order.ts");
    return requireOrder(4_000);
  },
};

const name = process.argv[2] ?? "";
const mutant = MUTANTS.find((known) => known.name === name);
if (mutant === undefined)
  throw new Error(`there is no such mutant; there are ${MUTANTS.map((m) => m.name).join(", ")}`);

if (process.env["CALYBRIS_MUTANT"] === undefined) process.stdout.write(await runPlanted(name));
else await search(mutant);

async function search({ search: kind, workload, seed = 1 }: Mutant): Promise<void> {
  process.on("unhandledRejection", (error) => {
    console.log(`red it would have ended the process: ${String(error)}`);
    process.exit(0);
  });
  let found = "green";
  try {
    await SEARCHES[kind](workload, seed);
  } catch (error) {
    found = `red ${(error as Error).message.split("\n", 2).join(" ")}`;
  }
  console.log(existsSync(process.env["CALYBRIS_MUTANT_PLANTED"] ?? "") ? found : `never planted, ${found}`);
  process.exit(0);
}
