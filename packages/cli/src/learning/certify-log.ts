/**
 * Certifies from a bandit log: outcomes of the cheap tier where it ran, weighted by inverse propensity.
 * @module
 */
import { type FileRow, loadLog } from "@calybris/datasets";
import { loadPrior } from "@calybris/engine";
import { readJsonFile } from "@calybris/engine/internal";
import { certifyLogged, thresholdsAt } from "@calybris/learning";
import { certificateMembers, type CertifiedWith, regimeEnds } from "./certified-certificate.ts";
import type { CertifyOptions } from "./certify-options.ts";
import { exactPercent, activationText, percent } from "./certify-text.ts";

/** Without a prior's regimes, the first quarter of the log sets the thresholds, and the rest certifies. */
export async function certifyLog(
  options: CertifyOptions,
  file: string,
): Promise<{ readonly json: object; readonly text: string }> {
  const { alpha, delta } = options;
  const all: readonly FileRow[] = await loadLog(file);
  const { rows, thresholds, prior } = await walkOf(options, all);
  const weightMax = 1 / all.reduce((min, row) => (row.ranCheap ? Math.min(min, row.cheapPropensity) : min), 1);
  const certified = certifyLogged(rows, thresholds, { alpha, delta, weightMax });
  const { thresholdBps, samples } = certified;
  const below = rows.filter(({ scoreBps }) => scoreBps < (thresholdBps ?? Number.NEGATIVE_INFINITY)).length;
  const downgradedShare = below / Math.max(1, rows.length);
  const certificate = certificateMembers(certified, prior, options);
  const text =
    thresholdBps === undefined
      ? `Nothing is certified yet on ${samples} logged rows.`
      : `Certified at any time: P(downgraded and the cheap tier failed) ≤ ${exactPercent(alpha)} with confidence ${exactPercent(1 - delta)}, on ${samples} logged rows. ${percent(downgradedShare)} may be downgraded: every predicted gain below ${thresholdBps} bps.`;
  return {
    json: { ...certified, alpha, delta, downgradedShare, weightMax, ...certificate },
    text: `${text}\n${activationText(certificate)}`,
  };
}

interface Walk {
  readonly rows: readonly FileRow[];
  readonly thresholds: readonly number[];
  readonly prior: CertifiedWith | undefined;
}

async function walkOf({ prior: file, regimes, grid }: CertifyOptions, all: readonly FileRow[]): Promise<Walk> {
  const prior = file === undefined ? undefined : loadPrior((await readJsonFile(file)).value, file);
  const named = prior === undefined ? undefined : { digest: prior.digestHex, isKept: true };
  if (prior !== undefined && regimes === true) return { rows: all, thresholds: regimeEnds(prior), prior: named };
  const quarter = all.length >> 2;
  const scores = Int32Array.from(all.slice(0, quarter), ({ scoreBps }) => scoreBps);
  return { rows: all.slice(quarter), thresholds: thresholdsAt(scores, grid), prior: named };
}
