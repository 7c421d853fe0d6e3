/**
 * A race of the ledger, put together for the explorer.
 * @module
 */
import { cellOf, checkRest, checkState, rememberRefusals } from "./checks.ts";
import type { Program, Scenario, Thread } from "./explorer.ts";
import { type Facts, type LedgerScenario, Ordering, Worker } from "./threads.ts";

export function ledgerScenario(scenario: LedgerScenario): Scenario<Facts> {
  const { tenants, workers } = scenario;
  const zero = tenants.map(() => 0n);
  const nothing: Facts = {
    doing: "working",
    path: [],
    amount: 0n,
    ahead: zero,
    ordered: zero,
    spent: zero,
    rooms: zero,
    taken: zero,
    balances: [],
  };
  const ordering: Program<Facts> = () => {
    const thread = new Ordering(scenario);
    return (steps) => thread.serve(steps, nothing);
  };
  const { cells } = new Ordering(scenario).ledger;
  const memory = new Map<number, bigint>([
    [0, 0n],
    [1, 0n],
    ...tenants.map((_, index): [number, bigint] => [cellOf(index), cells.headroom(index)]),
  ]);
  return {
    name: scenario.name,
    memory,
    boxCount: workers.length + 1,
    threads: [
      { name: "ordering", program: ordering, serves: true },
      ...workers.map((work, index) => ({
        name: `worker ${index + 1}`,
        program: (): ((steps: Thread<Facts>) => void) => (steps) => work(new Worker(steps, index + 1, nothing)),
      })),
    ],
    check: checkState,
    checkEnd: (state) => {
      const [first, ...others] = state.places.map(({ facts }) => facts ?? nothing);
      checkRest(first as Facts, others);
      scenario.checkEnd?.(first as Facts, others);
    },
    remember: rememberRefusals,
  };
}
