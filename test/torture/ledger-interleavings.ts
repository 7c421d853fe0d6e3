/** Every order of what threads do to the ledger's shared memory: the named races, then as many at random as time allows. @module */
import { explore } from "../../packages/engine/test/ledger/interleaving/explorer.ts";
import { ledgerScenario } from "../../packages/engine/test/ledger/interleaving/ledger.ts";
import { exploreRandomly } from "../../packages/engine/test/ledger/interleaving/random.ts";
import { SCENARIOS } from "../../packages/engine/test/ledger/interleaving/scenarios.ts";
import type { Budget } from "./search.ts";

export const name = "every interleaving of the ledger";

const RACES_A_ROUND = 50;
const RACES_MAX = 150;

/** Cases are states; each is checked once, whatever number of schedules leads through it. */
export async function run({ seed, milliseconds }: Budget): Promise<{ cases: number }> {
  const endMs = performance.now() + milliseconds;
  let cases = 0;
  for (const scenario of SCENARIOS) {
    const { schedules, states, ends } = explore(ledgerScenario(scenario));
    console.log(`${scenario.name}: ${schedules} schedules, ${states} states, ${ends} ends`);
    cases += states;
  }
  let [races, left, schedules] = [0, 0, 0n];
  for (let round = 0; races + left < RACES_MAX && performance.now() < endMs; round += 1) {
    const found = exploreRandomly(seed * 10_000 + round, RACES_A_ROUND, () => performance.now() < endMs);
    races += found.races;
    left += found.left;
    schedules += found.schedules;
    cases += found.states;
  }
  console.log(`${races} races at random: ${schedules} schedules; ${left} more were too large`);
  return { cases };
}
