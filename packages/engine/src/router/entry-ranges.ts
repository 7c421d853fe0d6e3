/**
 * The ranges that the router requires of an entry. They are checked before any state changes, so that an entry is applied
 * completely or not at all: otherwise an array would refuse an index out of range halfway.
 * @module
 */
import {
  type BeliefEntry,
  BPS_MAX,
  type EntryBody,
  invariant,
  REGIME_COUNT,
  TIER_COUNT_MAX,
  WARM_UP_REGIME,
} from "@calybris/kernel";

/** @throws InvariantViolation naming the invariant that a learning entry breaks. */
export function requireRanges(body: EntryBody): void {
  switch (body.kind) {
    case "decision":
      if (body.learning === undefined) return;
      requireRegime(body.learning.regime);
      invariant(isListOfNumbers(body.learning.features), "the features of a decision are numbers");
      return;
    case "outcome":
      if (body.regime !== undefined) requireRegime(body.regime);
      requireTier(body.tier);
      requireShare(body.successBps);
      requireShare(body.rewardBps);
      requireShare(body.warmStartBps);
      invariant(body.expected === undefined || isListOfNumbers(body.expected), "what is expected of tiers are numbers");
      return;
    case "belief":
      requireRegime(body.regime);
      invariant(
        isListOfNumbers(body.tiers) && shareLists(body).every(isListOfNumbers),
        "a belief has numbers for its tiers",
      );
      for (const tier of body.tiers) requireTier(tier);
      return;
    case "regimes":
      invariant(
        isListOfNumbers(body.boundaries) && body.boundaries.length === REGIME_COUNT - 1,
        "there is one boundary fewer than there are regimes",
      );
      invariant(isListOfNumbers(body.means) && isListOfNumbers(body.deviations), "means and deviations are numbers");
      return;
    case "certificate":
      invariant(isIndex(body.regimes, REGIME_COUNT + 1), "a certificate is for regimes that there are");
      return;
    default:
      return;
  }
}

function shareLists(body: BeliefEntry): readonly unknown[] {
  return body.method === undefined ? [body.table] : [body.means, body.deviations];
}

function requireRegime(regime: number): void {
  invariant(isIndex(regime, WARM_UP_REGIME + 1), "a regime is one of those that there are");
}

function requireTier(tier: number): void {
  invariant(isIndex(tier, TIER_COUNT_MAX), "a tier is one of those that there may be");
}

function requireShare(bps: number): void {
  invariant(isIndex(bps, BPS_MAX + 1), "a share is from 0 to 10,000 basis points");
}

function isIndex(value: unknown, count: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < count;
}

function isListOfNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isNumber);
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}
