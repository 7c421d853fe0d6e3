/**
 * Factors on the price of tokens: by service tier, speed and region. The price data lacks them. A word that is not in the
 * table has no known price, and its possible cost stays held.
 * @module
 */
import type { UsageRecord } from "../usage/usage-record.ts";
import { ceilDivide } from "./genai-prices.ts";

/** Ten-thousandths of the price, by `tier`, `speed` or `region` and the provider's word. */
export interface PriceFactors {
  readonly [word: `${FactorKind} ${string}`]: number;
}

export type FactorKind = "tier" | "speed" | "region";

const LIST_PRICE_BPS = 10_000;

/** Words that mean the list price at every provider. An answer without a word has the list price too. */
const LIST_PRICE_WORDS: PriceFactors = {
  "tier default": LIST_PRICE_BPS,
  "tier standard": LIST_PRICE_BPS,
  "tier on_demand": LIST_PRICE_BPS,
  "speed standard": LIST_PRICE_BPS,
  "region global": LIST_PRICE_BPS,
  "region not_available": LIST_PRICE_BPS,
};

/** Published multipliers. Anthropic: platform.claude.com/docs, pricing (batch, data residency). OpenAI: its pricing page (batch). */
const PROVIDER_FACTORS: { readonly [provider: string]: PriceFactors | undefined } = {
  anthropic: { "tier batch": 5_000, "region us": 11_000 },
  openai: { "tier batch": 5_000 },
};

const NO_FACTORS: PriceFactors = {};
const FACTORS_OF: ReadonlyMap<string, PriceFactors> = new Map(
  Object.entries(PROVIDER_FACTORS).map(([provider, factors]) => [provider, { ...LIST_PRICE_WORDS, ...factors }]),
);

/** All known factors at a provider. */
function knownFactors(provider: string, own: PriceFactors): PriceFactors {
  const known = FACTORS_OF.get(provider) ?? LIST_PRICE_WORDS;
  return own === NO_FACTORS ? known : { ...known, ...own };
}

/**
 * The maximum factor of a faster service for any model. It bounds reservations only: the actual price depends on the model
 * and is not in the data, so the cost stays held. OpenAI, page on priority processing: at most 2.5 times the list price;
 * `fast` is answered as `priority`. Anthropic, fast mode: 6 times for Opus 4.6, less since.
 */
const PREMIUM_FACTORS_MAX: { readonly [provider: string]: PriceFactors | undefined } = {
  anthropic: { "speed fast": 60_000 },
  openai: { "tier priority": 25_000, "tier fast": 25_000 },
};

export interface FactorReading {
  /** Factors in basis points, to be multiplied. */
  readonly factorsBps: readonly number[];
  /** Words without a known factor, such as `tier priority`. */
  readonly unknown: readonly string[];
}

const LIST_PRICE: FactorReading = Object.freeze({ factorsBps: Object.freeze([]), unknown: Object.freeze([]) });

/** @param own - factors of the catalog, which take precedence. */
export function factorsOf(
  { tier, speed, region }: Pick<UsageRecord, FactorKind>,
  provider: string,
  own: PriceFactors = NO_FACTORS,
): FactorReading {
  if (tier === "" && speed === "" && region === "") return LIST_PRICE;
  const factors = knownFactors(provider, own);
  const factorsBps: number[] = [];
  const unknown: string[] = [];
  const read = (kind: FactorKind, word: string): void => {
    if (word === "") return;
    const name = `${kind} ${word}` as const;
    const factorBps = Object.hasOwn(factors, name) ? factors[name] : undefined;
    if (factorBps === undefined) unknown.push(name);
    else if (factorBps !== LIST_PRICE_BPS) factorsBps.push(factorBps);
  };
  read("tier", tier);
  read("speed", speed);
  read("region", region);
  return { factorsBps, unknown };
}

/** The service that a request asks for, in the provider's words; members that it does not set are left out. */
export interface RequestedService {
  readonly tier?: string | undefined;
  readonly speed?: string | undefined;
  readonly region?: string | undefined;
}

export interface FactorBound {
  /** The highest product of factors with which the call may be billed. */
  readonly factorBpsMax: number;
  /** Words without a known factor, such as `tier ultrafast`, whose cost has no bound. */
  readonly unknown: readonly string[];
}

/**
 * The most expensive service that a request may get. A provider may serve a requested tier at the list price, but never
 * above the price of the tier. `auto` leaves the choice to the provider's settings, so every known factor is considered.
 *
 * @example
 * ```ts
 * factorMax({ region: "us" }, "anthropic"); // { factorBpsMax: 11000, unknown: [] }
 * factorMax({ tier: "priority" }, "openai"); // { factorBpsMax: 25000, unknown: [] }
 * factorMax({ tier: "ultrafast" }, "openai"); // { factorBpsMax: 10000, unknown: ["tier ultrafast"] }
 * ```
 */
export function factorMax(asked: RequestedService, provider: string, own: PriceFactors = NO_FACTORS): FactorBound {
  if (asked.tier === undefined && asked.speed === undefined && asked.region === undefined) return NOTHING_ASKED;
  const factors = knownFactors(provider, own);
  const premium: PriceFactors = PREMIUM_FACTORS_MAX[provider] ?? {};
  const unknown: string[] = [];
  let productBps = BigInt(LIST_PRICE_BPS);
  for (const kind of FACTOR_KINDS) {
    const word = asked[kind] ?? "";
    const name = `${kind} ${word}` as const;
    let factorBps = LIST_PRICE_BPS;
    if (word === "auto") factorBps = mostExpensive(factors, kind);
    else if (Object.hasOwn(factors, name)) factorBps = Math.max(LIST_PRICE_BPS, factors[name] ?? LIST_PRICE_BPS);
    else if (Object.hasOwn(premium, name)) factorBps = premium[name] ?? LIST_PRICE_BPS;
    else if (word !== "" && !CHEAPER_WORDS.has(name)) unknown.push(name);
    productBps = ceilDivide(productBps * BigInt(factorBps), BigInt(LIST_PRICE_BPS));
  }
  return { factorBpsMax: Number(productBps), unknown };
}

const NOTHING_ASKED: FactorBound = Object.freeze({ factorBpsMax: LIST_PRICE_BPS, unknown: Object.freeze([]) });
const FACTOR_KINDS: readonly FactorKind[] = ["tier", "speed", "region"];

/** Words for services below the list price; the list price bounds them whatever the discount is. */
const CHEAPER_WORDS: ReadonlySet<string> = new Set(["tier flex", "tier standard_only"]);

function mostExpensive(factors: PriceFactors, kind: FactorKind): number {
  const known = Object.entries(factors).filter(([name]) => name.startsWith(`${kind} `));
  return Math.max(LIST_PRICE_BPS, ...known.map(([, factorBps]) => factorBps as number));
}
