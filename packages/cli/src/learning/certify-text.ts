/**
 * The terminal report of `certify`.
 * @module
 */
import type { Certified, RiskKind, Table } from "@calybris/learning";
import type { CertificateMembers } from "./certified-certificate.ts";
import { tableText } from "../terminal/table.ts";

interface Asked {
  readonly alpha: number;
  readonly delta: number;
  readonly risk: RiskKind;
}

/** The certified downgrades, the number of samples, the savings, and the command that activates them. */
export function certifiedText(
  certified: Certified,
  table: Table,
  { alpha, delta, risk }: Asked,
  certificate: CertificateMembers,
): string {
  const name = risk === "harm" ? "P(downgraded and premium needed)" : "P(downgraded | premium needed)";
  if (certified.thresholdBps === undefined) {
    const first = certified.steps[0];
    const why =
      certified.samples === 0
        ? "no row needed premium"
        : `the safest threshold had ${first?.losses ?? 0} losses in ${certified.samples}, p = ${first?.pValue.toFixed(3)}`;
    return `Nothing could be certified: ${why}. Everything gets premium.\n${activationText(certificate)}`;
  }
  const dollars = (microcents: number): string => `$${(microcents / 100_000_000).toFixed(2)}`;
  const rows = [
    ["risk", `${name} ≤ ${exactPercent(alpha)} with confidence ${exactPercent(1 - delta)}`],
    ["on", `${certified.samples} rows of ${table.name}, ${certified.losses} of them lost at the threshold`],
    ["p-value", pValueText(certified)],
    [
      "may be downgraded",
      `${percent(certified.downgradedShare)}: every predicted gain below ${certified.thresholdBps} bps (${certified.passed} thresholds passed)`,
    ],
    [
      "saves",
      `${percent(certified.savings)} of the maximum that could be saved: ${dollars(certified.savedMicrocents)} of ${dollars(certified.premiumMicrocents)}`,
    ],
  ];
  return `${tableText(["<certified", "<"], rows)}\n${activationText(certificate)}`;
}

/** P-values of the last threshold that passed and of the first that failed. */
function pValueText({ steps, passed }: Certified): string {
  const [last, next] = [steps[passed - 1], steps[passed]];
  const failed = next === undefined ? "" : `; of the next threshold, which failed, ${next.pValue.toPrecision(3)}`;
  return `${last?.pValue.toPrecision(3)}${failed}`;
}

/** The command that activates the certificate, or the reason that it cannot be activated. */
export function activationText(members: CertificateMembers): string {
  if ("noCertificate" in members) return `This cannot be activated: ${members.noCertificate}.`;
  const { regimes, alphaBps, deltaBps, prior } = members.certificate;
  return (
    `The certificate: ${regimes} of 8 regimes of prior ${prior}; α ${alphaBps} and δ ${deltaBps} bps, rounded up. ` +
    "`calybris certificate set` activates what --out wrote."
  );
}

/** A percentage with all its digits, because rounding would change the bound. */
export function exactPercent(share: number): string {
  return `${Number((100 * share).toPrecision(12))} %`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
