import { expect, test } from "vitest";
import { explore } from "./interleaving-explorer.ts";
import { ledgerScenario } from "./interleaving-ledger.ts";
import { SCENARIOS } from "./interleaving-scenarios.ts";

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  "every interleaving: %s",
  (name, scenario) => {
    const { schedules, states, ends, longest } = explore(ledgerScenario(scenario));
    console.log(`${name}: ${schedules} schedules, ${states} states, ${ends} ends, at most ${longest} steps`);
    expect(ends).toBeGreaterThan(0);
  },
);
