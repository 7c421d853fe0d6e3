/**
 * Which processes have each of their calls fail: those of the crash workloads, and those that start on a disk which a
 * killed one left behind, so that recovery fails at each of its steps too.
 * @module
 */
import { DiskModel } from "../crash/model.ts";
import { type Command, runProcess } from "../crash/process.ts";
import { withTimersHeld } from "../../support/virtual-timers.ts";
import { WORKLOADS } from "../crash/workloads.ts";
import { type FaultCounts, type Scenario, searchFaults } from "./search.ts";

export interface FaultBudget {
  readonly seed: number;
  /** Where the search stops even if there is more to look at; without it, it ends when it has looked at all. */
  readonly milliseconds?: number;
  /** Of so many pairs of a call and a fault one is tried. */
  readonly every: number;
  /** Only the scenarios whose names hold this. */
  readonly only?: string | undefined;
  readonly progress?: ((text: string) => void) | undefined;
}

/** Looks at every scenario once. Throws with the call and the fault that broke a promise. */
export function searchAllFaults(budget: FaultBudget): Promise<FaultCounts> {
  return withTimersHeld(() => searchAll(budget));
}

async function searchAll(budget: FaultBudget): Promise<FaultCounts> {
  const counts: FaultCounts = { faults: 0, states: 0, calls: new Map() };
  const endMs = performance.now() + (budget.milliseconds ?? Number.POSITIVE_INFINITY);
  for (const scenario of await scenarios()) {
    if (!scenario.name.includes(budget.only ?? "")) continue;
    const isOver = (): boolean => {
      budget.progress?.(`${faultSummary(counts)}; now ${scenario.name}`);
      return performance.now() >= endMs;
    };
    await searchFaults(scenario, { seed: budget.seed, every: budget.every, isOver }, counts);
  }
  return counts;
}

/** The counts as a sentence. */
export function faultSummary({ faults, states, calls }: FaultCounts): string {
  const kinds = [...calls].map(([kind, count]) => `${kind} ${count}`).join(", ");
  return `${faults} faults (${kinds}), ${states} disks recovered after them`;
}

const AFTERWARDS: readonly Command[] = [{ kind: "decide", ids: ["a", "z"] }, { kind: "settleAll" }, { kind: "close" }];

/** Fresh processes that do what the workloads say; then ones that find what a process left which died in each write. */
async function scenarios(): Promise<Scenario[]> {
  const found: Scenario[] = [];
  for (const { name, commands, segmentBytesMax } of WORKLOADS) {
    const start = new DiskModel();
    found.push({ name, commands, segmentBytesMax, start, acknowledged: 0 });
    const { operations } = await runProcess(start, commands, segmentBytesMax);
    const model = start.clone();
    let acknowledged = 0;
    for (const operation of operations) {
      if (operation.kind === "write" && operation.bytes.byteLength > 600 && operation.bytes.at(-1) === 0x0a) {
        const killed = model.clone();
        killed.apply({ ...operation, bytes: operation.bytes.subarray(0, operation.bytes.byteLength - 40) });
        const how = `${name}; killed in a write at ${operation.position}, then started again`;
        found.push({ name: how, commands: AFTERWARDS, segmentBytesMax, start: killed, acknowledged });
      }
      model.apply(operation);
      if (operation.kind === "acknowledged") acknowledged = Math.max(acknowledged, operation.sequence);
    }
  }
  return found;
}
