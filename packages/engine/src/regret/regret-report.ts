/**
 * The regret report as printed and returned: names instead of ids, and `null` for unknown values.
 * @module
 */
import type { CalibrationCell, Difference, PolicyValue, Refusal, Regret, TunedEstimate } from "@calybris/estimate";
import type { Measured } from "./measure.ts";

export interface RegretReport {
  readonly decisions: number;
  readonly outcomes: number;
  /**
   * Decisions without an outcome that counts: it is missing, came after the attribution window, or its answer was not used.
   */
  readonly missing: number;
  readonly by: string | null;
  /** The policy of `--target`. */
  readonly target: string | null;
  readonly alpha: number;
  readonly margin: number;
  /** Predicted and observed rewards, by regime and tier. */
  readonly calibration: readonly CalibrationCell[];
  readonly all: GroupReport;
  readonly groups: readonly ({ readonly by: string; readonly name: string } & GroupReport)[];
}

export interface GroupReport {
  /** Outcomes of the learner's own decisions, and of all others. */
  readonly rows: number;
  readonly notLearned: number;
  readonly unusable: number;
  /**
   * The target policy minus what ran; `null` without `--target`. `unknown` counts rows on which the target's choice is
   * unknown.
   */
  readonly targetDifference: (Omit<Difference, "rows"> & { readonly rows: number; readonly unknown: number }) | null;
  readonly ran: { readonly value: number | null; readonly standardError: number | null };
  readonly policies: readonly PolicyReport[];
  readonly best: string | null;
  readonly regret: number | null;
  /** The outcome, from 1, with which each was shown; `null` if it was not shown yet. */
  readonly learnerIsBetterAt: number | null;
  readonly learnerIsNoWorseAt: number | null;
}

export interface PolicyReport {
  readonly name: string;
  readonly value: number | null;
  readonly standardError: number | null;
  /** DR with shrinkage, with its constant chosen by SLOPE; `null` means no limit. It has no anytime-valid interval. */
  readonly bySlope: { readonly value: number | null; readonly constant: number | null };
  readonly interval: {
    readonly lower: number;
    readonly upper: number;
    readonly rows: number;
    readonly k: number;
  } | null;
  readonly effectiveRows: number;
  readonly targetMassUnlogged: number;
  readonly maxWeight: number;
  readonly refusals: readonly Refusal[];
}

export function regretReport(
  { all, groups, decisions, missing, calibration, names }: Measured,
  options: {
    readonly by?: readonly string[];
    readonly target?: string | undefined;
    readonly alpha: number;
    readonly margin: number;
  },
): RegretReport {
  const { by = [], alpha, margin, target = null } = options;
  return {
    decisions,
    outcomes: all.rows + all.notLearned + all.unusable,
    missing,
    by: by.length === 0 ? null : by.join(","),
    target,
    alpha,
    margin,
    calibration,
    all: groupReport(all, names),
    groups: groups.map(({ by, name, regret }) => ({ by, name, ...groupReport(regret, names) })),
  };
}

function groupReport(regret: Regret, names: ReadonlyMap<number, string>): GroupReport {
  const { rows, notLearned, unusable, target, ran, policies, best } = regret;
  return {
    rows,
    notLearned,
    unusable,
    targetDifference: target === undefined ? null : { ...target.difference, unknown: target.unknown },
    ran: { value: known(ran.value), standardError: known(ran.standardError) },
    policies: policies.map((one) => policyReport(one, names)),
    best: best === undefined ? null : nameOf(best, names),
    regret: known(regret.regret),
    learnerIsBetterAt: regret.learnerIsBetterAt ?? null,
    learnerIsNoWorseAt: regret.learnerIsNoWorseAt ?? null,
  };
}

function policyReport(one: PolicyValue, names: ReadonlyMap<number, string>): PolicyReport {
  const { estimates, interval, refusals } = one;
  const { support, dr } = estimates;
  return {
    name: nameOf(one, names),
    value: known(dr.value),
    standardError: known(dr.standardError),
    bySlope: slopeReport(estimates.tuned?.drShrunk),
    interval:
      interval === undefined
        ? null
        : { lower: interval.lower, upper: interval.upper, rows: interval.rows, k: interval.k },
    effectiveRows: support.effectiveRows,
    targetMassUnlogged: support.targetMassUnlogged,
    maxWeight: support.maxWeight,
    refusals,
  };
}

function nameOf({ policy, candidate }: PolicyValue, names: ReadonlyMap<number, string>): string {
  if (policy !== "always") return policy;
  return `always ${names.get(candidate ?? 0) ?? `candidate ${candidate}`}`;
}

function slopeReport(tuned: TunedEstimate | undefined): PolicyReport["bySlope"] {
  return { value: known(tuned?.value), constant: known(tuned?.constant) };
}

/** JSON has no NaN. */
function known(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
