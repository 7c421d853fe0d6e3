/**
 * The commands of processes in crash searches, and the search over all of it. A new kind of command is a new line in
 * `obey` (process.ts) and a place in a workload here.
 * @module
 */
import { type Chance, seededChance } from "../../support/seeded-chance.ts";
import { withTimersHeld } from "../../support/virtual-timers.ts";
import type { Command } from "./process.ts";
import { type CrashCounts, type CrashOptions, CrashSearch } from "./search.ts";

export interface Workload {
  readonly name: string;
  readonly segmentBytesMax: number;
  readonly commands: readonly Command[];
}

const ONE_SEGMENT = 1_000_000;
/** After genesis and two decisions. */
const SHORT_SEGMENT = 2_000;

const decide = (...ids: string[]): Command => ({ kind: "decide", ids });
const CLOSE: Command = { kind: "close" };

/** Each crosses something else; every one decides `a`, which later processes ask for again. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: "entries one by one and in batches, outcomes, a clean end",
    segmentBytesMax: ONE_SEGMENT,
    commands: [decide("a"), decide("b", "c"), { kind: "observe", ids: ["a", "c"] }, decide("a", "d"), CLOSE],
  },
  {
    name: "rotations, within a batch too",
    segmentBytesMax: SHORT_SEGMENT,
    commands: [decide("a"), decide("b"), decide("c"), decide("d", "e", "f"), CLOSE],
  },
  {
    name: "a policy set, then a rotation",
    segmentBytesMax: SHORT_SEGMENT,
    commands: [decide("a"), { kind: "policy", epoch: 8 }, decide("b"), decide("c")],
  },
  {
    name: "money: reserved, settled, released and held, across a rotation",
    segmentBytesMax: 3_200,
    commands: [
      { kind: "budget" },
      { kind: "grant", id: "first" },
      decide("a", "b"),
      { kind: "settle", ids: ["a"] },
      decide("c", "d"),
      { kind: "release", ids: ["b"] },
      { kind: "hold", ids: ["c"] },
      { kind: "settle", ids: ["a", "d"] },
      { kind: "reconcile", ids: ["c"] },
      { kind: "correct", ids: ["d"] },
      { kind: "grant", id: "first" },
      CLOSE,
    ],
  },
  {
    name: "snapshots, one after another",
    segmentBytesMax: 3_000,
    commands: [..."abcdefghi"].map((id) => decide(id)),
  },
  {
    name: "a policy that learns",
    segmentBytesMax: ONE_SEGMENT,
    commands: [decide("a"), { kind: "learn" }, decide("b", "c"), { kind: "observe", ids: ["b"] }, decide("d"), CLOSE],
  },
  {
    name: "an idle seal",
    segmentBytesMax: ONE_SEGMENT,
    commands: [decide("a"), { kind: "idle" }, decide("b"), { kind: "idle" }, CLOSE],
  },
];

export interface CrashBudget {
  readonly seed: number;
  /** Where the search stops even if there is more to look at; without it, it ends when it has looked at all. */
  readonly milliseconds?: number;
  /** The search ends with the workload in which it has seen so many crash states. */
  readonly states: number;
  /** How thoroughly each workload is searched; as far as is useful when not given. */
  readonly size?: CrashSize;
  /** Only the workloads whose names hold this. */
  readonly only?: string | undefined;
  readonly progress?: ((text: string) => void) | undefined;
}

export type CrashSize = Pick<
  CrashOptions,
  "exhaustiveSectorsMax" | "samples" | "killEvery" | "followEvery" | "serveEvery" | "processesMax"
>;

const FULL: CrashSize = {
  exhaustiveSectorsMax: 6,
  samples: 200,
  killEvery: 4,
  followEvery: 1,
  serveEvery: 2,
  processesMax: 3,
};
/** For every test run. */
export const SHORT: CrashSize = {
  exhaustiveSectorsMax: 2,
  samples: 2,
  killEvery: 200,
  followEvery: 48,
  serveEvery: 8,
  processesMax: 2,
};

/** Looks at all workloads and then at random ones. Throws with the history of what broke a promise. */
export function searchCrashes(budget: CrashBudget): Promise<CrashCounts> {
  return withTimersHeld(() => searchAll(budget));
}

async function searchAll(budget: CrashBudget): Promise<CrashCounts> {
  const counts: CrashCounts = { states: 0, distinct: 0, processes: 0, moments: 0, served: 0, fromSnapshots: 0 };
  const endMs = performance.now() + (budget.milliseconds ?? Number.POSITIVE_INFINITY);
  const isOver = (): boolean => performance.now() >= endMs;
  const workloads = WORKLOADS.filter(({ name }) => name.includes(budget.only ?? ""));
  for (let round = 0; !isOver() && (round < workloads.length || counts.states < budget.states); round++) {
    const chance = seededChance(budget.seed * 1_000_003 + round);
    const { name, commands, segmentBytesMax } = workloads[round] ?? randomWorkload(chance);
    const onMoment = (): void => budget.progress?.(`${crashSummary(counts)}; now ${name}`);
    const search = new CrashSearch({ ...(budget.size ?? FULL), chance, segmentBytesMax, isOver, onMoment }, counts);
    try {
      await search.run(commands);
    } catch (cause) {
      throw new Error(`seed ${budget.seed}, workload ${round} (${name}): ${(cause as Error).message}`, { cause });
    }
  }
  return counts;
}

/** The counts as a sentence. */
export function crashSummary({ states, distinct, processes, moments, served, fromSnapshots }: CrashCounts): string {
  return (
    `${states} crash states (${distinct} distinct, each recovered) at ${moments} moments of ${processes} processes, ` +
    `${served} recovered disks served from, ${fromSnapshots} by their snapshot`
  );
}

const COMMANDS_MAX = 7;

export function randomWorkload(chance: Chance): Workload {
  const ids = [..."bcdefghijklmnopqrstuvwxyz"];
  const fresh = (): string => (ids.shift() as string).repeat(1 + chance(12));
  const commands: Command[] = [decide("a")];
  const count = 2 + chance(COMMANDS_MAX - 1);
  for (let index = 0; index < count; index++) {
    const sort = chance(10);
    if (sort < 5) commands.push(decide(fresh()));
    else if (sort < 8) commands.push(decide(...Array.from({ length: 2 + chance(3) }, fresh)));
    else if (sort < 9) commands.push({ kind: "policy", epoch: 8 + index });
    else commands.push(decide("a", fresh()));
  }
  if (chance(2) === 0) commands.push(CLOSE);
  return { name: JSON.stringify(commands), segmentBytesMax: 1_200 + chance(4_000), commands };
}
