/**
 * Builds the certificate for a router from the result of `certify`, or states why it cannot be built.
 * @module
 */
import type { Prior } from "@calybris/engine";
import { BPS_MAX } from "@calybris/kernel";
import type { Certificate } from "./certificate-file.ts";

/** The prior whose predictions were certified. */
export interface CertifiedWith {
  readonly digest: string;
  /** Whether it is saved in a file. */
  readonly isKept: boolean;
}

/** The certificate or the reason that there is none, as members of the JSON report. */
export type CertificateMembers = { readonly certificate: Certificate } | { readonly noCertificate: string };

interface Asked {
  readonly alpha: number;
  readonly delta: number;
  readonly regimes?: true;
}

/** The upper ends of the eight regimes; the last one is above every possible gain. */
export function regimeEnds(prior: Prior): readonly number[] {
  return [...prior.boundariesBps, GAIN_END_BPS];
}

const GAIN_END_BPS = 10_001;

/** @param certified - with the ends of the regimes as thresholds, `passed` is the number of regimes. */
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

/** A share in basis points, rounded up: a weaker claim than was certified, so it still holds. */
export function bpsAbove(share: number): number {
  const bps = Math.floor(share * BPS_MAX);
  return bps / BPS_MAX >= share ? bps : bps + 1;
}
