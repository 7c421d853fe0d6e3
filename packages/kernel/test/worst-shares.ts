/**
 * Where the fixed-point share of quality is nearest to being wrong: the largest qualities, whose error is the largest,
 * and for each of them the worths that fall short of a whole number by the least there can be.
 * @module
 */
import { BPS_MAX, type Policy, U16_MAX } from "../src/index.ts";
import { candidateWith, policyWith, requestWith } from "./cases.ts";
import { type Batch, batchOf } from "./equality.ts";
import { inverseOf } from "./random-cases.ts";

const BPS_SQUARED = 100_000_000;
const CANDIDATES = 64;
/** Whole multiples of 10^8 on top of the worst remainder. */
const ROUNDS = [0, 1, 99, 1_000_003];

/** Batches in which each request is met by one candidate alone, of its own quality. */
export function worstShares(): Batch[] {
  return [U16_MAX, U16_MAX - 200, BPS_MAX, BPS_MAX - 200].map((most) => {
    const qualities = coprimeBelow(most);
    const requests = qualities.flatMap((quality, index) => {
      const { inverse, modulus } = inverseOf(quality, BPS_SQUARED);
      return ROUNDS.map((rounds) =>
        requestWith({
          // At a confidence of 1 the worth is value · quality / 10^8, and value · quality ≡ −1.
          valueMicrocents: BigInt(modulus - inverse) + BigInt(modulus * rounds),
          confidenceBps: 1,
          riskBps: 0,
          qualityMinBps: 0,
          capabilitiesRequired: 1n << BigInt(index),
        }),
      );
    });
    return batchOf(onePerCapability(qualities), requests);
  });
}

/** A number that shares no factor with 10^8 reaches every remainder. */
function coprimeBelow(most: number): number[] {
  const all = Array.from({ length: 200 }, (_, index) => most - index);
  return all.filter((quality) => quality % 2 !== 0 && quality % 5 !== 0).slice(0, CANDIDATES);
}

function onePerCapability(qualities: readonly number[]): Policy {
  const candidates = qualities.map((qualityBps, index) =>
    candidateWith({ id: index + 1, qualityBps, capabilities: 1n << BigInt(index) }),
  );
  return policyWith(candidates, { confidenceMinBps: 0 });
}
