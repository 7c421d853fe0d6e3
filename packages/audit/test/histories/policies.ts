/**
 * Random policies, as the files that people write: they learn or not, by these features or those, with floors outside the
 * range of the tracker, with tiers renamed, reordered or added, and with use cases that come and go.
 */
import { parsePolicyFile } from "@calybris/engine";
import type { PolicySnapshot } from "@calybris/kernel";
import { type Chance, oneOf } from "./chance.ts";

/** A policy file. Plain data, so that a history can be printed and run again. */
export type PolicyChoice = { readonly [member: string]: unknown };

export const CANDIDATES: readonly string[] = ["bike", "van", "truck", "plane"];
const PRICES: readonly string[] = ["0", "700", "2000", "9000"];
const CAPABILITIES: readonly string[] = ["parcel", "pallet"];
const REGIONS: readonly string[] = ["city", "overseas"];
const PROVIDERS: readonly string[] = ["Velo", "Skyfreight"];
const TIERS: readonly (readonly string[])[] = [
  ["low", "high"],
  ["low", "high"],
  ["high", "low"],
  ["low", "highest"],
  ["low", "middle", "high"],
  ["only"],
];
const FEATURES: readonly (readonly string[] | undefined)[] = [
  undefined,
  [],
  ["load"],
  ["load", "size"],
  ["load", "size"],
  ["size", "load"],
  ["size"],
];
/** At the ends of the tracker's range, beyond them, and where candidates lie. */
const EDGES_BPS: readonly number[] = [0, 1_000, 1_999, 2_000, 2_009, 9_791, 9_800, 9_801, 9_900, 10_000];
const FLOORS_BPS: readonly number[] = [...EDGES_BPS, ...Array<number>(8).fill(5_000), 6_500, 7_000, 7_000, 8_000];
/** Among them members of every object, which a look-up by name must not find, and names that an object sorts as numbers. */
const USE_CASES: readonly string[] = ["support", "constructor", "toString", "10", "9"];

export function randomPolicy(chance: Chance, learns: boolean): PolicyChoice {
  const tiers = oneOf(chance, TIERS);
  const useCases = USE_CASES.filter(() => chance(2) === 0).map((name) => [name, randomUseCase(chance)]);
  return {
    name: "random",
    epoch: chance(5),
    riskHardLimitBps: oneOf(chance, [9_600, 9_600, 9_600, 5_000]),
    confidenceMinBps: oneOf(chance, [5_500, 5_500, 5_500, 9_000]),
    riskPenaltyMultiplierBps: oneOf(chance, [0, 3_500]),
    latencyPenaltyMicrocentsPerMs: oneOf(chance, [0, 2, 20_000]),
    useCases: { default: randomUseCase(chance), ...Object.fromEntries(useCases) },
    ...(learns ? { learning: randomLearning(chance) } : {}),
    catalog: randomCatalog(chance, tiers),
  };
}

/** The policy with one thing about it changed, as a person would. */
export function variedPolicy(chance: Chance, policy: PolicyChoice): PolicyChoice {
  const fresh = randomPolicy(chance, true);
  const { learning: before, ...rest } = policy;
  const learning = before as object | undefined;
  switch (chance(8)) {
    case 0:
      return learning === undefined ? { ...rest, learning: fresh["learning"] } : rest;
    case 1: {
      if (learning === undefined) return policy;
      const { features: _features, ...others } = learning as { features?: unknown };
      const features = oneOf(chance, FEATURES);
      return { ...rest, learning: { ...others, ...(features === undefined ? {} : { features }) } };
    }
    case 2:
      return { ...policy, catalog: randomCatalog(chance, oneOf(chance, TIERS)) };
    case 3:
      return { ...policy, useCases: fresh["useCases"] };
    case 4: {
      const setting = oneOf(chance, Object.keys(SETTINGS));
      const value = oneOf(chance, SETTINGS[setting] as readonly unknown[]);
      return learning === undefined ? policy : { ...rest, learning: { ...learning, [setting]: value } };
    }
    case 5:
      return { ...policy, epoch: chance(5), latencyPenaltyMicrocentsPerMs: fresh["latencyPenaltyMicrocentsPerMs"] };
    case 6:
      return policy;
    default:
      return fresh;
  }
}

export function snapshotOf(policy: PolicyChoice): PolicySnapshot {
  return parsePolicyFile(policy);
}

/** One of each is what a policy says; `undefined` leaves it to its default. */
const SETTINGS: { readonly [setting: string]: readonly (number | undefined)[] } = {
  explorationBps: [0, 0, 500, 10_000],
  holdoutBps: [0, 2_000, 2_000, 10_000],
  targetFailureBps: [undefined, undefined, 1, 500, 9_999],
  discountPpm: [1, 900_000, 998_000, 1_000_000],
  warmUpRequests: [8, 8, 9, 14],
  anomalyRaiseBps: [0, 1_000, 10_000],
  anomalyShareBps: [0, 10, 500, 10_000],
  attributionSeconds: [1, 3_600, 604_800],
};

function randomLearning(chance: Chance): object {
  const features = oneOf(chance, FEATURES);
  const settings = Object.entries(SETTINGS).map(([name, values]) => [name, oneOf(chance, values)]);
  const reported = settings.filter(([, value]) => value !== undefined);
  const method = reported.length % 2 === 0 ? "regimes" : "offsets";
  return { method, ...(features === undefined ? {} : { features }), ...Object.fromEntries(reported) };
}

function randomUseCase(chance: Chance): object {
  return {
    valueMicrocents: oneOf(chance, [...Array<string>(8).fill("100000000"), "0", "100000", "9223372036854775807"]),
    riskBps: oneOf(chance, [0, 500, 500, 500, 1_000, 7_000]),
    confidenceBps: oneOf(chance, [9_000, 9_000, 9_000, 9_000, 10_000, 6_000]),
    qualityMinBps: oneOf(chance, FLOORS_BPS),
    outputTokens: oneOf(chance, [0, 500, 500_000]),
  };
}

function randomCatalog(chance: Chance, tiers: readonly string[]): object {
  return {
    name: "random",
    title: "candidates at random",
    epoch: chance(3),
    providers: PROVIDERS,
    capabilities: CAPABILITIES,
    regions: REGIONS,
    tiers,
    candidates: CANDIDATES.slice(0, 2 + chance(3)).map((name, index) => ({
      id: index + 1,
      name,
      provider: oneOf(chance, PROVIDERS),
      tier: oneOf(chance, tiers),
      qualityBps: oneOf(chance, [3_000, 6_500, 8_000, 9_500, 9_900]),
      riskCeilingBps: oneOf(chance, [10_000, 10_000, 10_000, 5_000]),
      enabled: index === 0 || chance(8) > 0,
      latencyP95Ms: oneOf(chance, [0, 400, 60_000]),
      capabilities: CAPABILITIES.filter(() => chance(6) > 0),
      regions: REGIONS.filter(() => chance(6) > 0),
      inputPriceMicrocentsPerMillion: oneOf(chance, [...PRICES, ...PRICES, "18446744073709551615"]),
      outputPriceMicrocentsPerMillion: oneOf(chance, ["0", "100", "1500"]),
    })),
  };
}
