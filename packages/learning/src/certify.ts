/**
 * Learn then Test (Angelopoulos et al., arXiv 2110.01052): the share of requests that may be downgraded so that, with
 * probability 1 − δ over the sample, the risk does not exceed α. Thresholds are tested from the safest on, each with an
 * exact binomial p-value. Testing stops at the first failure, so no correction for multiple tests is needed.
 *
 * The thresholds must not have been chosen on the rows that test them. A row with a partial loss counts as a full loss,
 * which only makes the certificate more conservative.
 * @module
 */
import { gainsBps, gainsOverWorstBps, type Table } from "./table.ts";

/**
 * `harm`: P(downgraded and premium needed), over all requests. `false-negative`: P(downgraded | premium needed), over
 * requests that needed premium.
 */
export type RiskKind = "harm" | "false-negative";

export interface CertifyOptions {
  readonly alpha: number;
  readonly delta: number;
  readonly risk: RiskKind;
  /**
   * With more than two tiers: the tier that a downgraded request gets. Default: `cheapest`. `any` is for an unknown tier: it
   * counts a loss if any tier below the top one did worse.
   */
  readonly lower?: "cheapest" | "any";
}

export interface CertificateStep {
  /** Requests with a predicted gain below this are downgraded. */
  readonly thresholdBps: number;
  readonly downgraded: number;
  readonly losses: number;
  readonly pValue: number;
}

export interface Certified {
  /** The last threshold that passed; `undefined` if not even the safest did. */
  readonly thresholdBps: number | undefined;
  /**
   * Number of thresholds that passed. If the thresholds are the regimes' boundaries, the number of regimes that may be
   * downgraded.
   */
  readonly passed: number;
  /** Number of rows over which the risk is measured. */
  readonly samples: number;
  readonly losses: number;
  readonly downgradedShare: number;
  /** Share of the largest possible saving. */
  readonly savings: number;
  /** The cost of all rows at the most expensive tier, and the part of it that is saved. */
  readonly premiumMicrocents: number;
  readonly savedMicrocents: number;
  readonly steps: readonly CertificateStep[];
}

/** @param thresholdsBps - ascending: the safest first. @param scores - the predicted gain of each row, in bps. */
export function certify(
  table: Table,
  scores: ArrayLike<number>,
  thresholdsBps: readonly number[],
  { alpha, delta, risk, lower = "cheapest" }: CertifyOptions,
): Certified {
  const { rowCount, costsMicrocents } = table;
  const tiers = table.tierNames.length;
  const gains = lower === "any" ? gainsOverWorstBps(table) : gainsBps(table);
  const samples = risk === "harm" ? rowCount : gains.reduce((sum, gain) => sum + (gain > 0 ? 1 : 0), 0);
  const steps: CertificateStep[] = [];
  let passed: CertificateStep | undefined;
  let passedCount = 0;
  for (const thresholdBps of thresholdsBps) {
    let [downgraded, losses] = [0, 0];
    for (let row = 0; row < rowCount; row += 1) {
      if ((scores[row] ?? 0) >= thresholdBps) continue;
      downgraded += 1;
      if ((gains[row] ?? 0) > 0) losses += 1;
    }
    const step = { thresholdBps, downgraded, losses, pValue: binomialCdf(losses, samples, alpha) };
    steps.push(step);
    if (samples === 0 || step.pValue > delta) break;
    passed = step;
    passedCount += 1;
  }
  let [premium, saved, most] = [0, 0, 0];
  for (let row = 0; row < rowCount; row += 1) {
    const dear = costsMicrocents[row * tiers + tiers - 1] ?? 0;
    const saving = dear - (costsMicrocents[row * tiers] ?? 0);
    premium += dear;
    most += saving;
    if (passed !== undefined && (scores[row] ?? 0) < passed.thresholdBps) saved += saving;
  }
  return {
    thresholdBps: passed?.thresholdBps,
    passed: passedCount,
    samples,
    losses: passed?.losses ?? 0,
    downgradedShare: rowCount === 0 ? 0 : (passed?.downgraded ?? 0) / rowCount,
    savings: most === 0 ? 0 : saved / most,
    premiumMicrocents: premium,
    savedMicrocents: saved,
    steps,
  };
}

/**
 * Thresholds at quantiles of scores: `count` of them, ascending. The scores must be of other rows than those that test the
 * thresholds.
 */
export function thresholdsAt(scores: Int32Array, count: number): readonly number[] {
  const sorted = scores.toSorted();
  const thresholds = Array.from(
    { length: count },
    (_, index) => sorted[Math.min(sorted.length - 1, Math.floor(((index + 1) * sorted.length) / (count + 1)))] ?? 0,
  );
  return [...new Set(thresholds)].sort((a, b) => a - b);
}

/** P(X ≤ k) of a binomial with n trials of probability p; relative error below 1e-9. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  // The shorter tail is summed from its largest term down.
  if (k > n * p) return 1 - tail(n - k - 1, n, 1 - p);
  return tail(k, n, p);
}

function tail(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  const odds = p / (1 - p);
  let term = Math.exp(
    logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p),
  );
  let sum = 0;
  for (let at = k; at >= 0; at -= 1) {
    sum += term;
    if (term < sum * 1e-17) break;
    term *= at / (n - at + 1) / odds;
  }
  return Math.min(1, sum);
}

/** ln n!: exact sums up to 255, then Stirling's series, whose next term is below 1e-16 there. */
function logFactorial(n: number): number {
  if (n < SMALL.length) return SMALL[n] ?? 0;
  const x = n + 1;
  return (
    (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5)
  );
}

const SMALL = new Float64Array(256);
for (let n = 2; n < SMALL.length; n += 1) SMALL[n] = (SMALL[n - 1] ?? 0) + Math.log(n);
