/**
 * Random histories of a service: what callers, operators, clocks and processes may do to an engine through its public
 * interface. A history is plain data that follows from its seed; what a step refers to is picked when it is run.
 */
import { type Chance, oneOf, seededChance, sometimes } from "./chance.ts";
import { type PolicyChoice, randomPolicy, variedPolicy } from "./policies.ts";

export interface History {
  readonly policy: PolicyChoice;
  /** A state entry is written about this often. */
  readonly segmentBytesMax: number;
  /** Entries that may wait for the disk; few, so that some commands are refused in the middle. */
  readonly waitingMax?: number | undefined;
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly does: "decide"; readonly asks: readonly Ask[] }
  | {
      readonly does: "serve";
      readonly rounds: number;
      readonly ask: Ask;
      readonly reported: Reported;
      readonly failsEvery: number;
    }
  | { readonly does: "report"; readonly pick: number; readonly reported: Reported }
  | { readonly does: "move"; readonly move: Move; readonly pick: number; readonly costBps: number }
  | { readonly does: "limit"; readonly terms: readonly (Terms | null)[] }
  | { readonly does: "grant"; readonly tenant: string; readonly microcents: string; readonly id: number }
  | { readonly does: "policy"; readonly policy: PolicyChoice }
  | { readonly does: "prior"; readonly kind: "linear" | "trees"; readonly weight: number; readonly text: boolean }
  | { readonly does: "certify"; readonly regimes: number }
  | { readonly does: "clock"; readonly us: number }
  | { readonly does: "tick"; readonly us: number }
  | { readonly does: "pass"; readonly milliseconds: number }
  | { readonly does: "refresh" }
  | { readonly does: "sweep" }
  | { readonly does: "restart"; readonly isKilled: boolean };

export type Move = "settle" | "release" | "hold" | "reconcile" | "correct";

/** What a client sends; names are those of the active policy. */
export interface Ask {
  readonly inputTokens: number;
  readonly features: readonly (number | null)[];
  readonly useCase?: number | undefined;
  readonly requested?: number | undefined;
  readonly tenant?: string | undefined;
  readonly requestId?: number | undefined;
  readonly capabilities?: readonly string[] | undefined;
  readonly providers?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  /** Members that are sent as they are. */
  readonly others: { readonly [member: string]: number | string };
}

export interface Reported {
  readonly succeeded?: boolean | undefined;
  readonly signals?: readonly string[] | undefined;
  readonly disposition?: string | undefined;
  readonly costMicrocents?: string | undefined;
  readonly latencyMs?: number | undefined;
  /** From now. */
  readonly observedLaterUs?: number | undefined;
}

export interface Terms {
  readonly unlimited?: boolean;
  readonly exposureCapMicrocents?: number;
  readonly period?: { readonly every: string; readonly timeZone: string; readonly allotmentMicrocents: number };
  readonly onShortfall: string;
  readonly reservationSeconds: number;
}

/**
 * Each tenant with the one above it: four levels, some alone, and the tenant of requests that name none. The last two are in
 * another order as UTF-8 than as UTF-16.
 */
export const TENANTS: readonly (readonly [name: string, parent: string | undefined])[] = [
  ["org", undefined],
  ["team", "org"],
  ["key", "team"],
  ["user", "key"],
  ["constructor", undefined],
  ["default", undefined],
  ["\u{1F600}", undefined],
  ["\uFF5E", undefined],
];

const TENANT_NAMES: readonly string[] = TENANTS.map(([name]) => name);
const SECOND_US = 1_000_000;
const HOUR_US = 3_600 * SECOND_US;
const DAY_US = 24 * HOUR_US;
const STEPS_MAX = 70;

/** The history of a seed. */
export function historyOf(seed: number): History {
  const chance = seededChance(Math.imul(seed + 1, 0x9e3779b1));
  const learns = chance(5) > 0;
  const hasMoney = chance(3) === 0;
  const policy = randomPolicy(chance, learns);
  const steps: Step[] = hasMoney ? [randomLimit(chance), ...TENANT_NAMES.map((name) => largeGrant(chance, name))] : [];
  const count = 5 + chance(STEPS_MAX);
  const governsEvery = oneOf(chance, [4, 12, 40]);
  let current = policy;
  for (let number = 0; number < count; number++) {
    const step = randomStep(chance, current, governsEvery, hasMoney);
    if (step.does === "policy") current = step.policy;
    steps.push(step);
  }
  return {
    policy,
    segmentBytesMax: oneOf(chance, [600, 8_192, 32_768, 32_768]),
    waitingMax: sometimes(chance, 5, () => 2 + chance(6)),
    steps,
  };
}

function randomStep(chance: Chance, policy: PolicyChoice, governsEvery: number, hasMoney: boolean): Step {
  if (chance(governsEvery) === 0) return randomGovernance(chance, policy);
  if (chance(hasMoney ? 3 : 30) === 0) return randomMoneyStep(chance);
  const kind = chance(20);
  if (kind < 9) return { does: "decide", asks: Array.from({ length: 1 + chance(4) }, () => randomAsk(chance)) };
  if (kind < 10) return randomService(chance);
  if (kind < 15) return { does: "report", pick: chance(oneOf(chance, [3, 12])), reported: randomReport(chance) };
  return randomCircumstance(chance);
}

/** A while of everyday service, long enough for a regime to know what is usual and for a tier to be found out. */
function randomService(chance: Chance): Step {
  return {
    does: "serve",
    rounds: 4 + chance(oneOf(chance, [6, 60])),
    ask: { ...randomAsk(chance), requestId: undefined, others: { outputTokens: 500, valueMicrocents: "100000000" } },
    reported: { ...randomReport(chance), observedLaterUs: undefined, disposition: undefined },
    failsEvery: oneOf(chance, [1, 2, 7, 1_000]),
  };
}

/** What a person changes about how it decides. */
function randomGovernance(chance: Chance, policy: PolicyChoice): Step {
  const kind = chance(5);
  if (kind === 0)
    return {
      does: "prior",
      kind: oneOf(chance, ["linear", "trees"]),
      weight: oneOf(chance, [0, 1_000_000, -3_000_000]),
      text: chance(3) === 0,
    };
  if (kind === 1) return { does: "certify", regimes: chance(9) };
  return { does: "policy", policy: variedPolicy(chance, policy) };
}

function randomCircumstance(chance: Chance): Step {
  switch (chance(9)) {
    case 0:
    case 1:
      return { does: "refresh" };
    case 2:
      return { does: "sweep" };
    case 3:
      return { does: "restart", isKilled: chance(2) === 0 };
    case 4:
    case 5:
      return { does: "pass", milliseconds: oneOf(chance, [1, 10, 100, 1_000]) };
    case 6:
      return { does: "tick", us: oneOf(chance, [0, 0, 1, SECOND_US]) };
    default: {
      const forward = [SECOND_US, 61 * SECOND_US, HOUR_US, DAY_US, 8 * DAY_US, 40 * DAY_US, 400 * DAY_US];
      const back = [-SECOND_US, -HOUR_US, -2 * DAY_US];
      return { does: "clock", us: oneOf(chance, [...forward, ...back]) };
    }
  }
}

const FEATURE_VALUES: readonly (number | null)[] = [null, 0, 1, 2, 3, 5, 8, 13, -7, 500, 640, 1_000_000, 2 ** 31 - 1];

function randomAsk(chance: Chance): Ask {
  const others = {
    outputTokens: sometimes(chance, 2, () => oneOf(chance, [0, 500, 500_000])),
    valueMicrocents: sometimes(chance, 2, () =>
      oneOf(chance, ["100000000", "100000000", "100000000", "-5", "9223372036854775807"]),
    ),
    budgetMicrocents: sometimes(chance, 6, () => oneOf(chance, [0, 500, 2_000, "18446744073709551615"])),
    riskBps: sometimes(chance, 4, () => oneOf(chance, [0, 1_000, 1_000, 6_000, 9_599, 9_600])),
    confidenceBps: sometimes(chance, 4, () => oneOf(chance, [10_000, 9_000, 9_000, 5_499])),
    qualityMinBps: sometimes(chance, 6, () => oneOf(chance, [0, 6_500, 8_000, 10_000])),
    latencyMaxMs: sometimes(chance, 8, () => oneOf(chance, [0, 400, 4_294_967_295])),
    reservationSeconds: sometimes(chance, 6, () => oneOf(chance, [1, 3_600, 2_678_400])),
    textScore: sometimes(chance, 6, () => oneOf(chance, [0, -400, 3_000, 2 ** 31 - 1])),
  };
  const reported = Object.entries(others).filter(([, value]) => value !== undefined);
  return {
    inputTokens: oneOf(chance, [0, 1_000_000, 1_000_000, 3_000_000, 4_294_967_295]),
    features: Array.from({ length: 2 }, () => oneOf(chance, FEATURE_VALUES)),
    useCase: sometimes(chance, 2, () => chance(3)),
    requested: sometimes(chance, 2, () => chance(4)),
    tenant: sometimes(chance, 2, () => oneOf(chance, TENANT_NAMES)),
    requestId: sometimes(chance, 3, () => chance(25)),
    capabilities: sometimes(chance, 12, () => oneOf(chance, [[], ["parcel"], ["parcel", "pallet"]])),
    providers: sometimes(chance, 12, () => oneOf(chance, [["Velo"], ["Velo", "Skyfreight"]])),
    regions: sometimes(chance, 12, () => oneOf(chance, [["overseas"], ["city", "overseas"]])),
    others: Object.fromEntries(reported) as Ask["others"],
  };
}

const SIGNAL_SETS: readonly (readonly string[])[] = [
  [],
  ["error"],
  ["slow"],
  ["retried", "slow"],
  ["truncated"],
  ["aborted", "error", "retried", "slow", "truncated"],
];

function randomReport(chance: Chance): Reported {
  return {
    succeeded: sometimes(chance, 2, () => chance(2) === 0) ?? sometimes(chance, 2, () => true),
    signals: sometimes(chance, 2, () => oneOf(chance, SIGNAL_SETS)),
    disposition: sometimes(chance, 4, () => oneOf(chance, ["applied", "abandoned", "in_flight"])),
    costMicrocents: sometimes(chance, 4, () => oneOf(chance, ["0", "900", "9223372036854775807"])),
    latencyMs: sometimes(chance, 4, () => oneOf(chance, [0, 250, 4_294_967_295])),
    observedLaterUs: sometimes(chance, 4, () => oneOf(chance, [0, HOUR_US, 8 * DAY_US, -DAY_US])),
  };
}

function randomMoneyStep(chance: Chance): Step {
  const kind = chance(8);
  if (kind === 0) return randomLimit(chance);
  if (kind === 1) return largeGrant(chance, oneOf(chance, TENANT_NAMES));
  const move = oneOf<Move>(chance, ["settle", "settle", "release", "hold", "hold", "reconcile", "correct"]);
  return { does: "move", move, pick: chance(oneOf(chance, [3, 12])), costBps: oneOf(chance, COSTS_BPS) };
}

const COSTS_BPS: readonly number[] = [0, 10_000, 10_000, 4_000, 13_000, 900_000];

function largeGrant(chance: Chance, tenant: string): Step {
  const microcents = oneOf(chance, ["1", "20000", "1000000", "1000000", "9000000000000000000"]);
  return { does: "grant", tenant, microcents, id: chance(30) };
}

function randomLimit(chance: Chance): Step {
  return { does: "limit", terms: TENANTS.map(() => (chance(4) === 0 ? null : randomTerms(chance))) };
}

function randomTerms(chance: Chance): Terms {
  const rest = {
    onShortfall: oneOf(chance, ["substitute", "reject"]),
    reservationSeconds: oneOf(chance, [1, 60, 100_000, 2_678_400]),
  };
  if (chance(8) === 0) return { unlimited: true, ...rest };
  const cap = sometimes(chance, 4, () => oneOf(chance, [0, 750, 9_000]));
  const period = sometimes(chance, 3, () => ({
    every: oneOf(chance, ["day", "week", "month", "quarter"]),
    timeZone: oneOf(chance, ["UTC", "Europe/Berlin", "Pacific/Apia", "America/Sao_Paulo", "Australia/Lord_Howe"]),
    allotmentMicrocents: oneOf(chance, [0, 9_000, 40_000]),
  }));
  return {
    ...(cap === undefined ? {} : { exposureCapMicrocents: cap }),
    ...(period === undefined ? {} : { period }),
    ...rest,
  };
}
