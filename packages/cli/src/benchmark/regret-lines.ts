/**
 * The regret and drift tracks of a benchmark as tables: each set against hindsight, drifting environments, the goals, and
 * the costs and benefits of exploration.
 * @module
 */
import type { DriftFigures, ExplorationRow, HindsightFigures, OverSeeds, PriorFigures } from "@calybris/learning";

/** The last cell in the row of a missed goal. */
export const MISSED = "**MISSED**";
const GOAL_POINTS = 0.3;
const GOAL_SETS = 7;
const GOAL_OF = 9;
const OFFSETS = "offsets";
const GREEDY = "greedy";
/** The share of the quality gap that the default prior must recover, by number of calls. */
const GAP_GOALS: ReadonlyMap<string, number> = new Map([
  ["routellm-mmlu", 0.7],
  ["routellm-gsm8k", 0.645],
  ["routerbench", 0.58],
  ["mmlu-pro-gemini", 0.86],
]);
const DRIFT_POINTS = 1;
/** Goal for a cheap tier that improves: mostly premium runs, so the cheap tier is rarely observed. */
const DRIFT_IMPROVES_POINTS = 1.7;
const DRIFT_RECOVERED = 500;

/** Table rows; the first is the head. */
export type Rows = readonly (readonly string[])[];

/** Regret of each policy against the best threshold in hindsight, and of the default against the best single tier. */
export function regretRows(figures: readonly HindsightFigures[]): Rows {
  const names = figures[0]?.policies.map(({ name }) => name) ?? [];
  return [
    ["set", "decisions", ...names, "offsets against the best single tier"],
    ...figures.map(({ set, rows, policies }) => [
      set,
      rows.toLocaleString("en"),
      ...names.map((name) => overText(policies.find((policy) => policy.name === name)?.threshold)),
      overText(policies.find(({ name }) => name === OFFSETS)?.bestTier),
    ]),
  ];
}

/**
 * The goals of the track, met or missed by the mean over fold seeds; for sets whose full table was not run, the gap that the
 * default prior recovers.
 */
export function regretGoals(figures: readonly HindsightFigures[], priors: readonly PriorFigures[] = []): Rows {
  const of = ({ policies }: HindsightFigures, name: string): number =>
    policies.find((policy) => policy.name === name)?.threshold.mean ?? Number.NaN;
  const near = figures.filter((set) => of(set, OFFSETS) <= GOAL_POINTS);
  const below = figures.filter((set) => of(set, OFFSETS) < of(set, GREEDY));
  const verdict = (isMet: boolean): string => (figures.length < GOAL_OF ? "not all sets run" : isMet ? "met" : MISSED);
  const others = figures.filter((set) => !near.includes(set)).map((set) => `${set.set} ${of(set, OFFSETS).toFixed(2)}`);
  return [
    ["goal", "target", "measured", ""],
    [
      `regret at most ${GOAL_POINTS} points above the best hindsight threshold's`,
      `≥ ${GOAL_SETS} of ${GOAL_OF} sets`,
      `${near.length} of ${figures.length}${others.length === 0 ? "" : `; not ${others.join(", ")}`}`,
      verdict(near.length >= GOAL_SETS),
    ],
    [
      "lower regret than greedy",
      "all sets",
      `${below.length} of ${figures.length}`,
      verdict(below.length === figures.length),
    ],
    ...figures.flatMap(({ set, rows, gapRecovered }) => {
      const goal = GAP_GOALS.get(set);
      if (goal === undefined || gapRecovered === undefined || priors.some((each) => each.set === set)) return [];
      const name = `${set}, ${rows.toLocaleString("en")} rows: share of the quality gap that the default prior recovers (APGR, by calls)`;
      return [[name, `≥ ${goal}`, gapText(gapRecovered), gapRecovered.mean >= goal ? "met" : MISSED]];
    }),
  ];
}

/** The share of the quality gap that the default prior recovers, by number of calls, and the same for the category alone. */
export function priorRows(figures: readonly PriorFigures[]): Rows {
  return [
    ["set", "rows", "default prior", "category alone", "heads chosen", "goal", ""],
    ...figures.map(({ set, rows, gapRecovered, byCategory, heads }) => {
      const goal = GAP_GOALS.get(set);
      const chosen = heads
        .toSorted((one, other) => other.folds - one.folds)
        .map(({ kind, folds }) => `${kind} ${folds}`);
      return [
        set,
        rows.toLocaleString("en"),
        gapText(gapRecovered),
        gapText(byCategory),
        chosen.join(", "),
        goal === undefined ? "" : `≥ ${goal}`,
        goal === undefined ? "" : gapRecovered.mean >= goal ? "met" : MISSED,
      ];
    }),
  ];
}

function gapText({ mean, low, high }: OverSeeds): string {
  return Number.isFinite(low) ? `${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})` : mean.toFixed(3);
}

/** Difference in points from the best threshold in hindsight after the drift; negative is worse. */
export function driftRows(figures: readonly DriftFigures[]): Rows {
  return [
    ["world", "prior as it is", "regimes", "offsets", "decisions to recover", "goal", ""],
    ...figures.map(({ world, fixed, regimes, offsets, decisionsToRecover }) => {
      const points = world.includes("improves") ? DRIFT_IMPROVES_POINTS : DRIFT_POINTS;
      return [
        world,
        overText(fixed),
        overText(regimes),
        overText(offsets),
        decisionsToRecover === null ? "" : decisionsToRecover.toLocaleString("en"),
        `≥ −${points}`,
        offsets.mean >= -points ? "met" : MISSED,
      ];
    }),
    [
      "after the move, at most",
      "",
      "",
      "",
      slowest(figures),
      `≤ ${DRIFT_RECOVERED} decisions`,
      figures.every(({ decisionsToRecover: until }) => until === null || until <= DRIFT_RECOVERED) ? "met" : MISSED,
    ],
  ];
}

function slowest(figures: readonly DriftFigures[]): string {
  return Math.max(...figures.map(({ decisionsToRecover }) => decisionsToRecover ?? 0)).toLocaleString("en");
}

/** Means over the sets, by the average share explored. */
export function explorationRows(figures: readonly HindsightFigures[]): Rows {
  const shares = figures[0]?.exploration.map(({ explorationBps }) => explorationBps) ?? [];
  return [
    [
      "explorationBps",
      "regret",
      "largest weight",
      "clipped at 20",
      "effective sample",
      "top tier, with the holdout: largest weight",
      "effective sample",
    ],
    ...shares.map((explorationBps) => {
      const rows = figures.flatMap(({ exploration }) =>
        exploration.filter((each) => each.explorationBps === explorationBps),
      );
      const mean = (of: (row: (typeof rows)[number]) => number): number =>
        rows.reduce((sum, row) => sum + of(row), 0) / Math.max(1, rows.length);
      const largest = rows.reduce((so, { largestWeight }) => Math.max(so, largestWeight), 0);
      return [
        `${explorationBps}`,
        `${mean(({ threshold }) => threshold.mean).toFixed(2)} points`,
        largest.toFixed(0),
        `${(100 * mean(({ clippedShare }) => clippedShare)).toFixed(1)} %`,
        `${(100 * mean(({ effectiveShare }) => effectiveShare)).toFixed(2)} %`,
        ...heldOutCells(rows.flatMap(({ heldOut }) => heldOut ?? [])),
      ];
    }),
  ];
}

/** Largest weight and mean effective share; empty cells without held-out figures. */
function heldOutCells(rows: readonly NonNullable<ExplorationRow["heldOut"]>[]): readonly string[] {
  if (rows.length === 0) return ["", ""];
  const largest = rows.reduce((so, { largestWeight }) => Math.max(so, largestWeight), 0);
  const effective = rows.reduce((sum, { effectiveShare }) => sum + effectiveShare, 0) / rows.length;
  return [largest.toFixed(1), `${(100 * effective).toFixed(1)} %`];
}

function overText(over: OverSeeds | undefined): string {
  if (over === undefined) return "";
  const text = (value: number): string => (value < 0 ? `−${(-value).toFixed(2)}` : value.toFixed(2));
  return Number.isFinite(over.low) ? `${text(over.mean)} (${text(over.low)} to ${text(over.high)})` : text(over.mean);
}
