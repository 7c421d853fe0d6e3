/**
 * Runs one short search of the ledger's, with whatever bug is planted, in a process of its own. Says on its last line what
 * it found: `red` with the problem, or `green`.
 *
 *     LEDGER_MUTANT="settled twice" node --import ./packages/engine/test/ledger/mutants/hooks.ts \
 *       packages/engine/test/ledger/mutants/process.ts sequences
 * @module
 */
import { explore } from "../interleaving/explorer.ts";
import { ledgerScenario } from "../interleaving/ledger.ts";
import { exploreRandomly } from "../interleaving/random.ts";
import { SCENARIOS } from "../interleaving/scenarios.ts";
import type { LedgerSearch } from "./ledger-mutants.ts";
import { trySequences } from "../model/search.ts";
import { raceThreads } from "../threads/threads.ts";

/** Threads that share one processor seldom meet between two steps, so the search for a planted bug is repeated. */
const RACES: number = process.env["LEDGER_MUTANT"] === undefined ? 1 : 12;

const SEARCHES: Readonly<Record<LedgerSearch, () => Promise<unknown>>> = {
  interleavings: async () => {
    exploreRandomly(1, 10);
    // The largest is the first.
    for (const scenario of SCENARIOS.toReversed()) explore(ledgerScenario(scenario));
  },
  sequences: () => trySequences(1, 600),
  threads: async () => {
    for (let seed = 1; seed <= RACES; seed++) await raceThreads({ workers: 8, operations: 60_000, seed });
  },
};

const PROBLEM_CHARACTERS_MAX = 300;
const search = SEARCHES[process.argv[2] as LedgerSearch];
if (search === undefined) throw new Error(`name a search: ${Object.keys(SEARCHES).join(", ")}`);
try {
  await search();
  console.log("green");
} catch (error) {
  const problems: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) problems.push(cause.message);
  console.log(`red ${problems.at(-1)?.replaceAll("\n", " ").slice(0, PROBLEM_CHARACTERS_MAX)}`);
}
