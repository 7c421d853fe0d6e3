import { expect, test } from "vitest";
import { explore, type Scenario } from "./explorer.ts";
import { ledgerScenario } from "./ledger.ts";
import { exploreRandomly } from "./random.ts";
import { SCENARIOS } from "./scenarios.ts";

// The largest scenario is the first; `ledger-mutants.slow.test.ts` explores all of them.
test.each(SCENARIOS.slice(1).map((scenario) => [scenario.name, scenario] as const))(
  "every interleaving: %s",
  (name, scenario) => {
    const { schedules, states, ends, longest } = explore(ledgerScenario(scenario));
    console.log(`${name}: ${schedules} schedules, ${states} states, ${ends} ends, at most ${longest} steps`);
    expect(schedules).toBeGreaterThan(BigInt(states));
  },
);

test("every interleaving of races drawn at random", () => {
  const { races, schedules } = exploreRandomly(6, 12);
  expect(races).toBeGreaterThan(6);
  expect(schedules).toBeGreaterThan(1_000_000n);
});

/** Two threads that each take three accesses of their own have C(6, 3) schedules. */
test("schedules are counted as they are", () => {
  expect(explore(twice((cells) => void Atomics.add(cells, 0, 1n))).schedules).toBe(20n);
});

test("an update that is lost in some schedule is found, with the schedule", () => {
  const losing = twice((cells) => void Atomics.store(cells, 0, Atomics.load(cells, 0) + 1n));
  expect(() => explore(losing)).toThrow(/^twice: 5 instead of 6, after\n {2}a load 0/s);
});

test("threads that wait for each other are found", () => {
  const waiting: Scenario<undefined> = {
    ...twice(() => undefined),
    boxCount: 2,
    threads: [0, 1].map((box) => ({
      name: `thread ${box}`,
      program: () => (thread) => {
        thread.receive(box);
        thread.send(1 - box, "now you");
      },
    })),
  };
  expect(() => explore(waiting)).toThrow("waits for ever");
});

/** Two threads that do something to a cell three times each; what is lost makes fewer than six. */
function twice(does: (cells: BigInt64Array) => void): Scenario<undefined> {
  const program = () => () => {
    const cells = new BigInt64Array(1);
    for (let round = 0; round < 3; round++) does(cells);
  };
  return {
    name: "twice",
    threads: [
      { name: "a", program },
      { name: "b", program },
    ],
    memory: new Map([[0, 0n]]),
    boxCount: 0,
    check: () => undefined,
    checkEnd: ({ memory }) => {
      if (memory.get(0) !== 6n) throw new Error(`${memory.get(0)} instead of 6`);
    },
  };
}
