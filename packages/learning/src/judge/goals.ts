/**
 * The goals, as set before any measurement, each with the measured figure. Missed goals are reported as missed.
 * @module
 */
import type { FromNothing } from "./from-nothing.ts";
import type { SetFigures } from "./judge.ts";
import type { WorldSwitch } from "./learning-curve.ts";
import { CALYBRIS, ORACLE, TREES } from "./policies.ts";

export interface Goal {
  readonly goal: string;
  readonly target: string;
  readonly measured: string;
  /** `undefined` if not measured in this run. */
  readonly isMet: boolean | undefined;
}

export interface Measured {
  readonly sets: readonly SetFigures[];
  readonly fromNothing: readonly { readonly set: string; readonly figures: FromNothing }[];
  readonly worldSwitch: readonly WorldSwitch[];
  readonly speed: { readonly recommendMicros: number; readonly tableMicros3: number; readonly tableMicros8: number };
}

const BELOW_RANDOM = 0.25;
const BELOW_STATIC = 0.1;
const AREA_NEAR = 0.02;
const COLD_START = 51;
const RECOVERY = 500;

export function goalsOf({ sets, fromNothing, worldSwitch, speed }: Measured): readonly Goal[] {
  const kdd = fromNothing.find(({ set }) => set === "kdd99")?.figures;
  const mmlu = sets.find(({ set }) => set === "routellm-mmlu");
  const recovery = worldSwitch[0];
  return [
    recovered(sets, "routellm-mmlu", 0.68),
    recovered(sets, "routellm-gsm8k", 0.63),
    ...sets.filter(({ savableShare }) => savableShare > 0).flatMap(equalSavings),
    ...sets.filter(({ byQuality }) => byQuality !== undefined).map(byQuality),
    {
      goal: "kdd99, bandit, nothing labelled, at 19 % savings: false-negative rate",
      target: "≤ 0.5 %, bound ≤ 2 %",
      measured:
        kdd === undefined
          ? "not run"
          : `${percent(kdd.missedOfNeededThere.value)} (${percent(kdd.missedOfNeededThere.low)} to ${percent(kdd.missedOfNeededThere.high)})`,
      isMet:
        kdd === undefined ? undefined : kdd.missedOfNeededThere.value <= 0.005 && kdd.missedOfNeededThere.high <= 0.02,
    },
    {
      goal: "routellm-mmlu, certified at α = 4 %, δ = 10 %: downgraded",
      target: "≥ 32 % (random 22.5 %)",
      measured:
        mmlu === undefined
          ? "not run"
          : `${percent(mmlu.certificate.downgradedShare)} on ${mmlu.certificate.samples} rows`,
      isMet: mmlu === undefined ? undefined : mmlu.certificate.downgradedShare >= 0.32,
    },
    {
      goal: "after a switch of the world: 90 % of the lost reward is back",
      target: `≤ ${RECOVERY} decisions`,
      measured:
        recovery === undefined
          ? "not run"
          : `${recovery.decisionsToRecover ?? "never"} (γ = ${recovery.discountPpm / 1e6})`,
      isMet:
        recovery === undefined
          ? undefined
          : recovery.decisionsToRecover !== null && recovery.decisionsToRecover <= RECOVERY,
    },
    ...sets.map(coldStart),
    {
      goal: "a recommendation, without the journal: median",
      target: "≤ 2 µs",
      measured: `${speed.recommendMicros.toFixed(2)} µs`,
      isMet: speed.recommendMicros <= 2,
    },
    {
      goal: "a sampling table, 3 tiers and 8",
      target: "≤ 150 µs and ≤ 400 µs",
      measured: `${speed.tableMicros3.toFixed(0)} µs and ${speed.tableMicros8.toFixed(0)} µs`,
      isMet: speed.tableMicros3 <= 150 && speed.tableMicros8 <= 400,
    },
  ];
}

function recovered(sets: readonly SetFigures[], set: string, target: number): Goal {
  const figures = sets.find((each) => each.set === set)?.byCalls?.find(({ name }) => name === CALYBRIS);
  const value = figures?.gapRecovered;
  return {
    goal: `${set}, bandit track, held-out folds: APGR`,
    target: `≥ ${target}`,
    measured:
      value === undefined
        ? "not run"
        : `${value.value.toFixed(3)} (${value.low.toFixed(3)} to ${value.high.toFixed(3)})`,
    isMet: value === undefined ? undefined : value.value >= target,
  };
}

/** Judged at the worst of the four savings: a set is met only if all four are met. */
function equalSavings(set: SetFigures): readonly Goal[] {
  const own = set.policies.find(({ name }) => name === CALYBRIS);
  const trees = set.policies.find(({ name }) => name === TREES);
  if (own === undefined) return [];
  // If nearly every request needs premium, even a policy that knows the outcomes is not far below random.
  const oracle = set.policies.find(({ name }) => name === ORACLE);
  const reach =
    oracle === undefined
      ? ""
      : `; the oracle ${oracle.atSavings.map((at) => percent(at.belowRandom.value)).join(", ")}`;
  const worst = (
    field: "belowRandom" | "belowStatic" | "belowStaticLearned",
    target: number,
  ): Pick<Goal, "measured" | "isMet"> => ({
    measured: own.atSavings.map((at) => `${percent(at[field].value)} (from ${percent(at[field].low)})`).join(", "),
    isMet: own.atSavings.every((at) => at[field].value >= target && at[field].low > 0),
  });
  const gap = trees === undefined ? undefined : own.area.value - trees.area.value;
  return [
    {
      goal: `${set.set}: false-negative rate below random's at 20, 40, 60, 80 % savings`,
      target: "≥ 25 %, bound > 0",
      ...withRemark(worst("belowRandom", BELOW_RANDOM), reach),
    },
    {
      goal: `${set.set}: … below the static floor's`,
      target: "≥ 10 %, bound > 0",
      ...worst("belowStatic", BELOW_STATIC),
    },
    {
      goal: `${set.set}: … below one threshold on the very same learned score`,
      target: "≥ 10 %, bound > 0",
      ...worst("belowStaticLearned", BELOW_STATIC),
    },
    {
      goal: `${set.set}: frontier area near gradient-boosted trees'`,
      target: "within .02",
      measured: gap === undefined ? "no trees" : `${gap >= 0 ? "+" : "−"}${Math.abs(gap).toFixed(4)}`,
      isMet: gap === undefined ? undefined : gap <= AREA_NEAR,
    },
  ];
}

function withRemark(judged: Pick<Goal, "measured" | "isMet">, remark: string): Pick<Goal, "measured" | "isMet"> {
  return { ...judged, measured: judged.measured + remark };
}

function byQuality({ set, byQuality: figures }: SetFigures): Goal {
  const own = figures?.policies.find(({ name }) => name === CALYBRIS)?.quality ?? 0;
  const single = figures?.bestSingle ?? 1;
  return {
    goal: `${set}: accuracy above the best single tier's`,
    target: `> ${single.toFixed(4)}`,
    measured: own.toFixed(4),
    isMet: own > single,
  };
}

function coldStart({ set, learning }: SetFigures): Goal {
  const { decisionsUntilBetter: until } = learning.coldStart;
  return {
    goal: `${set}, cold start: ahead of random, median of ${learning.coldStart.trials} trials`,
    target: `≤ ${COLD_START} decisions`,
    measured: until === null ? `not within ${learning.coldStart.decisionsPerTrial}` : `${until}`,
    isMet: until !== null && until <= COLD_START,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(Math.abs(share) < 0.01 ? 2 : 1)} %`;
}
