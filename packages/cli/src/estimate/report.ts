/**
 * The report of `calybris estimate`, on the scale of the log's rewards.
 * @module
 */
import type { BanditLog, LeftOut } from "@calybris/datasets";
import type { Analysis, PointEstimate, Refusal, Support } from "@calybris/estimate";

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
  /** The mean reward of what ran. */
  readonly logged: Reported;
  readonly estimates: readonly ({ readonly name: EstimatorName } & Reported)[];
  /** Valid however often it is looked at. */
  readonly interval: IntervalReport | null;
  readonly overTime: readonly { readonly rows: number; readonly lower: number; readonly upper: number }[];
  readonly support: Support;
  readonly warnings: readonly string[];
  /** Empty where the estimate may be acted on. */
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
  | "drShrunk"
  | "ipsClipped"
  | "drClipped";

export function reportOf(log: BanditLog, analysis: Analysis, target: string): EstimateReport {
  const { reward } = log.map;
  const { min, max } = typeof reward === "string" ? { min: 0, max: 1 } : reward;
  const scaled = (value: number): number => min + value * (max - min);
  const reported = ({ value, standardError }: PointEstimate): Reported => ({
    value: known(scaled(value)),
    standardError: known(standardError * (max - min)),
  });
  const { estimates, interval, support } = { ...analysis, support: analysis.estimates.support };
  const { ips, snips, dm, dr, sndr, switchDr, drShrunk, ipsClipped, drClipped } = estimates;
  const named = { ips, snips, dm, dr, sndr: { value: sndr, standardError: Number.NaN }, switchDr, drShrunk };
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
    logged: reported(analysis.loggedValue),
    estimates: Object.entries({ ...named, ipsClipped, drClipped }).map(([name, estimate]) => ({
      name: name as EstimatorName,
      ...reported(estimate),
    })),
    interval:
      interval === undefined
        ? null
        : {
            lower: scaled(interval.lower),
            upper: scaled(interval.upper),
            k: interval.k,
            alpha: interval.alpha,
            rows: interval.rows,
          },
    overTime: analysis.overTime.map(({ rows, lower, upper }) => ({ rows, lower: scaled(lower), upper: scaled(upper) })),
    support,
    warnings: warningsOf(support),
    refusals: analysis.refusals,
  };
}

/** JSON has no NaN. */
function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** What to know before acting on the numbers. */
function warningsOf(support: Support): string[] {
  const { rows, missing, chosenOnly, rowsClipped, weightMassClipped, targetMassUnlogged, targetMassClipped } = support;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const warnings: string[] = [];
  if (missing > 0)
    warnings.push(
      `${missing} of ${rows} rows have no outcome. Estimates leave them out; the interval covers whatever they were.`,
    );
  if (chosenOnly > 0)
    warnings.push(
      "The log has the probability of the arm that ran only. Whether it covers the target's other choices is not known, and the interval uses k = 0.",
    );
  if (rowsClipped > 0)
    warnings.push(
      `${rowsClipped} rows have a weight above the cap. The clipped estimates lose ${percent(weightMassClipped)} of the weight and are biased by that much.`,
    );
  if (targetMassClipped > 0) warnings.push(`${percent(targetMassClipped)} of the target's choices lie beyond the cap.`);
  if (targetMassUnlogged > 0)
    warnings.push(`${percent(targetMassUnlogged)} of the target's choices were never logged.`);
  return warnings;
}
