/**
 * Worlds where the value of a target policy is known, by how the log came about; and how often an interval that is looked at after every row
 * misses that value at any time, beside the standard interval (Wald).
 * @module
 */
import {
  BettingBound,
  DriftingBound,
  EstimatorFold,
  type LoggedRow,
  pseudoReward,
  RunningMean,
  ValueInterval,
  weightOf,
} from "@calybris/estimate";

export const ALPHA = 0.05;
/** From here on the standard interval is looked at: before, nobody would trust it. */
const WALD_FROM = 100;
const WALD_ERRORS = 1.96;
/** The bound of a drifting value is a bisection, which takes longer than to look at every row. */
const DRIFT_LOOKS_EVERY = 50;

export interface World {
  readonly name: string;
  readonly k: number;
  /** The value of the target at a row. */
  readonly valueAt: (row: number, rows: number) => number;
  /** It drifts: the interval is for the average so far. */
  readonly isDrifting?: true;
  /** The rows of a log, in the order that their outcomes come in. */
  readonly begin: (random: () => number, rows: number) => () => LoggedRow;
}

const MEANS = [0.3, 0.5, 0.6];
const WORST = [1, 0, 0];
const EXPLORED = 0.05;

export function draw(shares: readonly number[], random: () => number): number {
  const drawn = random();
  let sum = 0;
  const arm = shares.findIndex((share) => {
    sum += share;
    return drawn < sum;
  });
  return arm === -1 ? shares.length - 1 : arm;
}

/** A log by fixed probabilities; predictions are the true means, halved. */
function fixed(
  name: string,
  logged: readonly number[],
  target: readonly number[],
  means: (row: number, rows: number) => readonly number[],
  k: number,
): World {
  return {
    name,
    k,
    valueAt: (row, rows) => target.reduce((sum, share, arm) => sum + share * (means(row, rows)[arm] ?? 0), 0),
    begin: (random, rows) => {
      let at = 0;
      return () => {
        const now = means(at++, rows);
        const chosen = draw(logged, random);
        const reward = random() < (now[chosen] ?? 0) ? 1 : 0;
        return { logged, target, predicted: now.map((mean) => mean / 2), chosen, reward };
      };
    },
  };
}

/** Of each arm: how often it earned, of how many; a fair prior of two. */
export class Successes {
  readonly sums: number[];
  readonly counts: number[];

  constructor(arms: number) {
    this.sums = Array.from({ length: arms }, () => 1);
    this.counts = Array.from({ length: arms }, () => 2);
  }

  get means(): readonly number[] {
    return this.sums.map((sum, arm) => sum / (this.counts[arm] as number));
  }

  add({ chosen, reward = 0 }: Pick<LoggedRow, "chosen" | "reward">): void {
    this.sums[chosen] = (this.sums[chosen] as number) + reward;
    this.counts[chosen] = (this.counts[chosen] as number) + 1;
  }
}

/** With each of the other arms as often as exploration has it. */
function explored(shares: readonly number[]): readonly number[] {
  return shares.map((share) => EXPLORED / shares.length + (1 - EXPLORED) * share);
}

const greedy = ({ means }: Successes): readonly number[] => {
  const best = means.indexOf(Math.max(...means));
  return explored(means.map((_, arm) => (arm === best ? 1 : 0)));
};

/** How probable each arm is the best, by draws of its belief taken as normal; the row is drawn from these very shares. */
export const thompson = ({ means, counts }: Successes): readonly number[] => {
  const deviations = means.map((mean, arm) => Math.sqrt((mean * (1 - mean)) / ((counts[arm] as number) + 1)));
  const points = 33;
  const shares = means.map((mean, arm) => {
    let share = 0;
    for (let point = 0; point < points; point += 1) {
      const z = -4 + (8 * point) / (points - 1);
      const value = mean + z * (deviations[arm] as number);
      const isBest = means.reduce(
        (product, other, one) =>
          one === arm ? product : product * normal((value - other) / (deviations[one] as number)),
        1,
      );
      share += Math.exp(-(z ** 2) / 2) * isBest;
    }
    return share;
  });
  const sum = shares.reduce((total, share) => total + share, 0);
  return explored(shares.map((share) => share / sum));
};

/** The normal distribution, to 2e-3: shares need not be exact, since they are what is drawn from. */
function normal(z: number): number {
  return 1 / (1 + Math.exp(-1.702 * z));
}

/** @param delayMax - outcomes come so many rows later, at most; the log learns from those that came. */
function learning(name: string, policy: (known: Successes) => readonly number[], k: number, delayMax = 0): World {
  return {
    name,
    k,
    valueAt: () => MEANS[0] as number,
    begin: (random) => {
      const known = new Successes(MEANS.length);
      const awaited: { readonly row: LoggedRow; readonly due: number }[] = [];
      let at = 0;
      const decide = (): void => {
        const logged = policy(known);
        const chosen = draw(logged, random);
        const reward = random() < (MEANS[chosen] as number) ? 1 : 0;
        const due = at + Math.floor(random() * (delayMax + 1));
        awaited.push({ row: { logged, target: WORST, predicted: known.means, chosen, reward }, due });
      };
      return () => {
        for (;;) {
          const index = awaited.findIndex(({ due }) => due < at);
          const [arrived] = index === -1 ? [] : awaited.splice(index, 1);
          if (arrived !== undefined) {
            known.add(arrived.row);
            return arrived.row;
          }
          decide();
          at += 1;
        }
      };
    },
  };
}

export const WORLDS: readonly World[] = [
  fixed("fixed probabilities", [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], () => MEANS, 3),
  fixed("5 % exploration", [0.05 / 3, 0.05 / 3, 1 - 0.1 / 3], WORST, () => MEANS, 30),
  learning("a log that learns", greedy, 30),
  learning("Thompson sampling", thompson, 30),
  learning("outcomes up to 200 rows late", thompson, 30, 200),
  fixed("rare rewards", [0.5, 0.5], [0.1, 0.9], () => [0.005, 0.01], 1),
  fixed("one arm is never wrong", [0.9, 0.1], [0, 1], () => [0, 1], 5),
  {
    ...fixed(
      "a value that drifts",
      [0.5, 0.5],
      [0.2, 0.8],
      (row, rows) => (row < rows / 2 ? [0.2, 0.8] : [0.6, 0.1]),
      1,
    ),
    isDrifting: true,
  },
];

/** Mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whether each interval missed the value at any row of one log. */
export function missesOf(world: World, seed: number, rows: number): { readonly own: boolean; readonly wald: boolean } {
  const next = world.begin(seeded(seed), rows);
  const mean = new RunningMean();
  const bounds = world.isDrifting ? driftingBounds(world.k) : bettingBounds(world.k, world.valueAt(0, rows));
  let [values, own, wald] = [0, false, false];
  for (let at = 0; at < rows; at += 1) {
    const row = next();
    values += world.valueAt(at, rows);
    const value = values / (at + 1);
    own = bounds.add(row, value, at) || own;
    mean.add(weightOf(row, row.chosen) * (row.reward ?? 0));
    wald ||= at >= WALD_FROM && Math.abs(mean.mean - value) > WALD_ERRORS * mean.standardError;
  }
  return { own, wald };
}

interface Bounds {
  /** Takes a row; whether the value is missed after it. */
  readonly add: (row: LoggedRow, value: number, at: number) => boolean;
}

/** One cell is enough: the bound misses exactly when it refutes the value itself. */
function bettingBounds(k: number, value: number): Bounds {
  const lower = new BettingBound(k, ALPHA / 2, [value]);
  const upper = new BettingBound(k, ALPHA / 2, [1 - value]);
  return {
    add: (row) => {
      lower.add(pseudoReward(row, k, "lower"));
      upper.add(pseudoReward(row, k, "upper"));
      return lower.running !== undefined || upper.running !== undefined;
    },
  };
}

function driftingBounds(k: number): Bounds {
  const lower = new DriftingBound(k, ALPHA / 2);
  const upper = new DriftingBound(k, ALPHA / 2);
  return {
    add: (row, value, at) => {
      lower.add(pseudoReward(row, k, "lower"));
      upper.add(pseudoReward(row, k, "upper"));
      return at % DRIFT_LOOKS_EVERY === 0 && (lower.now > value || 1 - upper.now < value);
    },
  };
}

/** The width of the interval at the end of a log, by that of the standard interval of DR. */
export function widthRatio(world: World, seed: number, rows: number, k: number = world.k): number {
  const next = world.begin(seeded(seed), rows);
  const interval = new ValueInterval({ k, alpha: ALPHA });
  const fold = new EstimatorFold();
  for (let at = 0; at < rows; at += 1) {
    const row = next();
    interval.add(row);
    fold.add(row);
  }
  const { lower, upper } = interval.now();
  return (upper - lower) / (2 * WALD_ERRORS * fold.estimates().dr.standardError);
}
