/**
 * Races that nobody thought of: small ones at random, each explored over all its schedules.
 * @module
 */
import fc from "fast-check";
import { explore } from "./explorer.ts";
import { ledgerScenario } from "./ledger.ts";
import type { LedgerScenario, Tenant, Work } from "./threads.ts";

const NAMES = ["org", "team", "key", "user"];
const STATES_MAX = 200_000;

/** What a worker does, as data, so that a failure can be shown. */
interface Task {
  readonly does: "settle" | "release" | "undo" | "own" | "grant" | "cap" | "period" | "unmeter";
  /** Which tenant, counted from the top. */
  readonly level: number;
  readonly amount: number;
  readonly actual: number;
}

interface Race {
  readonly tenants: readonly {
    readonly grant: number;
    readonly cap: number | null;
    readonly allotment: number | null;
  }[];
  readonly tasks: readonly Task[];
  /** The journal refuses this entry. */
  readonly refuses: number;
}

const amount = fc.integer({ min: 1, max: 8 });
const race: fc.Arbitrary<Race> = fc.record({
  tenants: fc.array(
    fc.record({
      grant: fc.integer({ min: 4, max: 16 }),
      cap: fc.option(fc.integer({ min: 2, max: 16 }), { freq: 4 }),
      allotment: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 4 }),
    }),
    { minLength: 1, maxLength: NAMES.length },
  ),
  tasks: fc.array(
    fc.record({
      does: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom("settle", "release", "undo" as const) },
        { weight: 4, arbitrary: fc.constantFrom("own", "grant", "cap", "period", "unmeter" as const) },
      ) as fc.Arbitrary<Task["does"]>,
      level: fc.nat({ max: NAMES.length - 1 }),
      amount,
      actual: fc.nat({ max: 12 }),
    }),
    { minLength: 2, maxLength: 3 },
  ),
  refuses: fc.integer({ min: 0, max: 4 }),
});

export interface RandomRaces {
  readonly races: number;
  /** Too large to be explored; not counted above. */
  readonly left: number;
  readonly states: number;
  readonly schedules: bigint;
}

/** Explores up to `count` races, for as long as `goesOn`. @throws Error that shows the race and the schedule. */
export function exploreRandomly(seed: number, count: number, goesOn: () => boolean = (): boolean => true): RandomRaces {
  let [races, left, states, schedules] = [0, 0, 0, 0n];
  for (const drawn of fc.sample(race, { seed, numRuns: count })) {
    if (!goesOn()) break;
    try {
      const explored = explore(ledgerScenario(scenarioOf(drawn)), STATES_MAX);
      races += 1;
      states += explored.states;
      schedules += explored.schedules;
    } catch (cause) {
      if (!(cause as Error).message.includes(`more than ${STATES_MAX} states`))
        throw new Error(`${JSON.stringify(drawn)}: ${(cause as Error).message}`, { cause });
      left += 1;
    }
  }
  return { races, left, states, schedules };
}

function scenarioOf({ tenants, tasks, refuses }: Race): LedgerScenario {
  return {
    name: "a race at random",
    tenants: tenants.map(({ grant, cap, allotment }, index): Tenant => {
      const parent = NAMES[index - 1];
      return {
        tenant: NAMES[index] as string,
        ...(parent === undefined ? {} : { parent }),
        grant: BigInt(grant),
        ...(cap === null ? {} : { cap: BigInt(cap) }),
        ...(allotment === null ? {} : { allotment: BigInt(allotment) }),
      };
    }),
    takes: (sequence) => sequence !== refuses,
    workers: tasks.map((task) => workOf(task, Math.min(task.level, tenants.length - 1))),
  };
}

function workOf({ does, amount, actual }: Task, level: number): Work {
  const tenant = NAMES[level] as string;
  const path = Array.from({ length: level + 1 }, (_, index) => index);
  const wanted = BigInt(amount);
  return (worker) => {
    if (does === "settle") worker.reserveAndSettle(tenant, path, wanted, BigInt(actual));
    else if (does === "own") worker.own(tenant, wanted);
    else if (does === "grant") worker.ask(`${does} ${tenant} ${wanted}`);
    else if (does !== "release" && does !== "undo") worker.tell(`${does} ${tenant} ${wanted}`);
    else if (worker.reserve(path, wanted)) {
      if (does === "undo") worker.undo(path, wanted);
      else {
        const sequence = worker.order(tenant, path, wanted);
        if (sequence !== undefined) worker.release(sequence, path, wanted);
      }
    }
  };
}
