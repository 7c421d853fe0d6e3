/**
 * The report of `calybris estimate`, on the scale of the log's rewards.
 * @module
 */
import { type BanditLog, type LeftOut, rewardRange } from "@calybris/datasets";
import type { Analysis, Estimates, PointEstimate, Refusal, Support, TunedEstimate } from "@calybris/estimate";
import { contradictionWarnings, explained, fileRefusals, warningsOf } from "./warnings.ts";

export interface EstimateReport {
  readonly file: string;
  readonly target: string;
  readonly rows: { readonly read: number; readonly used: number; readonly leftOut: readonly LeftOut[] };
  readonly arms: readonly {
    readonly name: string;
    readonly rows: number;
    readonly meanReward: number | null;
    readonly targetShare: number;
  }[];
  /** The minimum and maximum reward that the map allows. */
  readonly rewards: { readonly min: number; readonly max: number };
  /** Mean reward of the logged policy. */
  readonly logged: Reported;
  /** Without values and errors if the log is refused. */
  readonly estimates: readonly ({ readonly name: EstimatorName; readonly constant?: number | null } & Reported)[];
  /** Anytime-valid interval; `null` if the log is refused or has too few rows. */
  readonly interval: IntervalReport | null;
  /** DR with every missing outcome at the minimum reward, and at the maximum; `null` if none is missing. */
  readonly ifMissing: { readonly lower: number; readonly upper: number } | null;
  readonly overTime: readonly { readonly rows: number; readonly lower: number; readonly upper: number }[];
  readonly support: Support;
  readonly warnings: readonly string[];
  /** Reasons not to use the estimate; empty if there are none. */
  readonly refusals: readonly Refusal[];
}

export interface Reported {
  readonly value: number | null;
  readonly standardError: number | null;
}

export interface IntervalReport {
  readonly lower: number;
  readonly upper: number;
  readonly k: number;
  readonly alpha: number;
  readonly rows: number;
}

export type EstimatorName =
  | "ips"
  | "snips"
  | "dm"
  | "dr"
  | "sndr"
  | "switchDr"
  | "switchDrSlope"
  | "drShrunk"
  | "drShrunkSlope"
  | "ipsClipped"
  | "drClipped";

export function reportOf(log: BanditLog, analysis: Analysis, target: string): EstimateReport {
  const { min, max } = rewardRange(log.map);
  const scaled = (value: number): number => min + value * (max - min);
  const { estimates, interval, overTime } = analysis;
  const { support, drIfMissing } = estimates;
  const refusals = [
    ...fileRefusals({ rowsOutOfRange: log.rewardsOutOfRange, rowCount: log.rowCount, leftOut: log.leftOut }),
    ...analysis.refusals.map((refusal) => explained(refusal, log, log.rewardsNotNumbers)),
  ];
  const isRefused = refusals.length > 0;
  const reported = ({ value, standardError }: PointEstimate): Reported => ({
    value: known(scaled(value)),
    standardError: known(standardError * (max - min)),
  });
  const ifMissing =
    isRefused || support.missing === 0 ? null : { lower: scaled(drIfMissing[0]), upper: scaled(drIfMissing[1]) };
  return {
    file: log.file,
    target,
    rows: { read: log.rowCount, used: support.rows, leftOut: log.leftOut },
    arms: analysis.arms.map(({ rows, meanReward, targetShare }, arm) => ({
      name: log.arms[arm] ?? "",
      rows,
      meanReward: known(scaled(meanReward)),
      targetShare,
    })),
    rewards: { min, max },
    logged: reported(analysis.loggedValue),
    estimates: named(estimates).map(([name, estimate]) => ({
      name,
      ...(isRefused ? { value: null, standardError: null } : reported(estimate)),
      ...("constant" in estimate && !isRefused ? { constant: known(estimate.constant) } : {}),
    })),
    interval:
      interval === undefined || isRefused
        ? null
        : {
            lower: scaled(interval.lower),
            upper: scaled(interval.upper),
            k: interval.k,
            alpha: interval.alpha,
            rows: interval.rows,
          },
    ifMissing,
    overTime: isRefused
      ? []
      : overTime.map(({ rows, lower, upper }) => ({ rows, lower: scaled(lower), upper: scaled(upper) })),
    support,
    warnings: [
      ...warningsOf(support, log.rewardsNotNumbers, ifMissing),
      ...(isRefused ? [] : contradictionWarnings(estimates.dr.value, interval)),
    ],
    refusals,
  };
}

function named(estimates: Estimates): readonly (readonly [EstimatorName, PointEstimate | TunedEstimate])[] {
  const { ips, snips, dm, dr, sndr, switchDr, tuned, drShrunk, ipsClipped, drClipped } = estimates;
  return [
    ["ips", ips],
    ["snips", snips],
    ["dm", dm],
    ["dr", dr],
    ["sndr", { value: sndr, standardError: Number.NaN }],
    ["switchDr", switchDr],
    ...(tuned === undefined ? [] : [["switchDrSlope", tuned.switchDr] as const]),
    ["drShrunk", drShrunk],
    ...(tuned === undefined ? [] : [["drShrunkSlope", tuned.drShrunk] as const]),
    ["ipsClipped", ipsClipped],
    ["drClipped", drClipped],
  ];
}

/** `null` for NaN and infinity, which JSON does not have. */
function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
