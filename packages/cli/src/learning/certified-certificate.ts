/**
 * From what was certified to a certificate that a router can be given; or why there is none.
 * @module
 */
import type { Prior } from "@calybris/engine";
import { BPS_MAX } from "@calybris/kernel";
import type { Certificate } from "./certificate-file.ts";

/** The prior whose predictions were certified. */
export interface CertifiedWith {
  readonly digest: string;
  /** Whether it is in a file, or was thrown away. */
  readonly isKept: boolean;
}

/** One of both, as it appears in the JSON. */
export type CertificateMembers = { readonly certificate: Certificate } | { readonly noCertificate: string };

interface Asked {
  readonly alpha: number;
  readonly delta: number;
  readonly regimes?: true;
}

/** Where each of the eight regimes ends; the last one holds every gain there is. */
export function regimeEnds(prior: Prior): readonly number[] {
  return [...prior.boundariesBps, GAIN_END_BPS];
}

const GAIN_END_BPS = 10_001;

/** @param certified - with the ends of the regimes as thresholds, as many regimes as `passed`. */
export function certificateMembers(
  certified: { readonly passed: number; readonly samples: number },
  prior: CertifiedWith | undefined,
  { alpha, delta, regimes }: Asked,
): CertificateMembers {
  if (prior === undefined) return { noCertificate: "no prior was named: name it with --prior, and add --regimes" };
  if (!prior.isKept)
    return {
      noCertificate:
        "the fitted prior is discarded: keep it with --prior-out and add --regimes, or pass one with --prior",
    };
  if (regimes === undefined) return { noCertificate: "a certificate allows regimes, not thresholds: add --regimes" };
  return {
    certificate: {
      regimes: certified.passed,
      alphaBps: bpsAbove(alpha),
      deltaBps: bpsAbove(delta),
      samples: certified.samples,
      prior: prior.digest,
    },
  };
}

/** Whole ten-thousandths, rounded up: a weaker claim than was certified, and still a true one. */
export function bpsAbove(share: number): number {
  const bps = Math.floor(share * BPS_MAX);
  return bps / BPS_MAX >= share ? bps : bps + 1;
}
