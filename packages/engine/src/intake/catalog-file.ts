/**
 * The catalog file: the candidates, and the providers, capabilities, regions and tiers that describe them. Order matters in
 * providers, capabilities, regions and tiers, whose position is a bit or a rank.
 * @module
 */
import {
  BPS_MAX,
  bps,
  CANDIDATE_COUNT_MAX,
  CalybrisError,
  type Candidate,
  candidateId,
  mask,
  milliseconds,
  priceMicrocents,
  providerId,
  type Sequence,
  sequence,
  U32_MAX,
  U64_MAX,
} from "@calybris/kernel";
import { z } from "zod";
import { checkShape } from "./check-shape.ts";
import { ListedNames } from "./listed-names.ts";
import { itemsOf, membersOf } from "./members.ts";
import { Mistakes, showValue } from "./mistakes.ts";
import { amountOf, checkMoney, type MoneyField, missingMoney } from "./money.ts";
import type { JsonPath, LineOf } from "./read-json.ts";
import { amount, flag, text, unsigned64, unsigned64Of, whole } from "./shape.ts";

/** A mask has 64 bits. */
const MASK_NAMES_MAX = 64;
export const TIERS_MAX = 8;

/** A parsed catalog. */
export interface CatalogFile {
  readonly name: string;
  readonly title: string;
  readonly epoch: Sequence;
  readonly providers: readonly string[];
  readonly capabilities: readonly string[];
  readonly regions: readonly string[];
  readonly tiers: readonly string[];
  readonly candidates: readonly (Candidate & { readonly name: string; readonly tier: number })[];
}

const PRICE_RANGE = { suffix: "PerMillion", minMicrocents: 0n, maxMicrocents: U64_MAX };
const INPUT_PRICE: MoneyField = { stem: "inputPrice", ...PRICE_RANGE };
const OUTPUT_PRICE: MoneyField = { stem: "outputPrice", ...PRICE_RANGE };

const names = (max: number, what: string): z.ZodArray => z.array(text(128, what)).max(max);

const CANDIDATE_SHAPE: Record<string, z.ZodType> = {
  id: whole(1, U32_MAX, "identifies the candidate in digests; never reused for another"),
  name: text(128, "what people call it"),
  provider: text(128, "one of `providers`"),
  tier: text(128, "one of `tiers`"),
  qualityBps: whole(0, BPS_MAX, "how good, in ten-thousandths"),
  riskCeilingBps: whole(0, BPS_MAX, "the riskiest request it may have"),
  enabled: flag("whether it may be chosen").optional(),
  latencyP95Ms: whole(0, U32_MAX, "milliseconds within which 95 of 100 answers come"),
  capabilities: names(MASK_NAMES_MAX, "one of `capabilities`"),
  regions: names(MASK_NAMES_MAX, "one of `regions`"),
  ...amount(INPUT_PRICE),
  ...amount(OUTPUT_PRICE),
  source: text(2000, "where the figures are from").optional(),
};

const CATALOG_SHAPE: Record<string, z.ZodType> = {
  $schema: text(2000, "a schema for editors").optional(),
  name: text(128, "what people call the catalog"),
  title: text(400, "one line about it"),
  epoch: unsigned64("grows with each change of the catalog"),
  sources: z.array(text(2000, "where figures are from")).max(1000).optional(),
  providers: names(MASK_NAMES_MAX, "a provider; its position is its bit").min(1),
  capabilities: names(MASK_NAMES_MAX, "a capability; its position is its bit"),
  regions: names(MASK_NAMES_MAX, "a region; its position is its bit"),
  tiers: names(TIERS_MAX, "a class of price and quality, cheapest first").min(1),
  candidates: z.array(z.strictObject(CANDIDATE_SHAPE)).min(1).max(CANDIDATE_COUNT_MAX),
};

export const catalogFileSchema: z.ZodType = z.strictObject(CATALOG_SHAPE);

/**
 * @throws {@link CalybrisError} `CAL_CATALOG_INVALID` with every mistake at once.
 */
export function parseCatalogFile(value: unknown, lineOf?: LineOf, file?: string): CatalogFile {
  const mistakes = new Mistakes(lineOf);
  checkCatalog(value, mistakes, []);
  if (!mistakes.isEmpty)
    throw new CalybrisError("CAL_CATALOG_INVALID", {
      mistakes: mistakes.list,
      ...(file === undefined ? {} : { file }),
    });
  return readCatalog(value);
}

/** Adds every mistake of a catalog. @param at - path of the catalog. */
export function checkCatalog(value: unknown, mistakes: Mistakes, at: JsonPath): void {
  checkShape(catalogFileSchema, value, mistakes, at);
  checkMeaning(membersOf(value), mistakes, at);
}

type Members = { readonly [key: string]: unknown };

/** Checks the rules that the shape cannot express: used names are listed, names are unique, each price is given once. */
function checkMeaning(catalog: Members, mistakes: Mistakes, at: JsonPath): void {
  const lists = {
    providers: new ListedNames(catalog["providers"], MASK_NAMES_MAX),
    capabilities: new ListedNames(catalog["capabilities"], MASK_NAMES_MAX),
    regions: new ListedNames(catalog["regions"], MASK_NAMES_MAX),
    tiers: new ListedNames(catalog["tiers"], TIERS_MAX),
  };
  for (const [key, listed] of Object.entries(lists)) listed.checkDistinct(mistakes, [...at, key]);
  const candidates = new ListedNames(catalog["candidates"], CANDIDATE_COUNT_MAX).items.map(membersOf);
  for (const member of ["id", "name"]) checkDistinctMember(candidates, member, mistakes, [...at, "candidates"]);
  if (candidates.length > 0 && candidates.every((candidate) => candidate["enabled"] === false))
    mistakes.add(
      [...at, "candidates"],
      "has no enabled candidate",
      "Enable at least one; else every request is rejected.",
    );
  for (const [index, candidate] of candidates.entries()) {
    if (mistakes.isFull) return;
    const place: JsonPath = [...at, "candidates", index];
    for (const price of [INPUT_PRICE, OUTPUT_PRICE]) checkMoney(candidate, price, mistakes, place, missingMoney(price));
    lists.providers.checkListed(candidate["provider"], mistakes, [...place, "provider"]);
    lists.tiers.checkListed(candidate["tier"], mistakes, [...place, "tier"]);
    for (const key of ["capabilities", "regions"] as const) {
      const chosen = new ListedNames(candidate[key], MASK_NAMES_MAX);
      for (const [position, name] of chosen.items.entries())
        lists[key].checkListed(name, mistakes, [...place, key, position]);
      chosen.checkDistinct(mistakes, [...place, key]);
    }
  }
}

function checkDistinctMember(candidates: readonly Members[], member: string, mistakes: Mistakes, at: JsonPath): void {
  const firstWith = new Map<unknown, number>();
  for (const [index, candidate] of candidates.entries()) {
    if (mistakes.isFull) return;
    const value = candidate[member];
    const first = firstWith.get(value);
    if (value === undefined) continue;
    if (first === undefined) firstWith.set(value, index);
    else {
      const problem = `is ${showValue(value)}, which candidates[${first}] has already`;
      mistakes.add([...at, index, member], problem, `Give each candidate a unique ${member}.`);
    }
  }
}

/** Reads a catalog that has no mistakes. */
export function readCatalog(value: unknown): CatalogFile {
  const catalog = membersOf(value);
  const list = (key: string): readonly string[] => Object.freeze([...(catalog[key] as readonly string[])]);
  const [providers, capabilities, regions, tiers] = [
    list("providers"),
    list("capabilities"),
    list("regions"),
    list("tiers"),
  ];
  return {
    name: catalog["name"] as string,
    title: catalog["title"] as string,
    epoch: sequence(unsigned64Of(catalog["epoch"]) ?? 0n),
    providers,
    capabilities,
    regions,
    tiers,
    candidates: itemsOf(catalog["candidates"])
      .map(membersOf)
      .map((candidate) => ({
        id: candidateId(candidate["id"] as number),
        providerId: providerId(providers.indexOf(candidate["provider"] as string)),
        qualityBps: bps(candidate["qualityBps"] as number),
        riskCeilingBps: bps(candidate["riskCeilingBps"] as number),
        enabled: candidate["enabled"] === false ? 0 : 1,
        latencyP95Ms: milliseconds(candidate["latencyP95Ms"] as number),
        capabilities: mask(bitsOf(candidate["capabilities"] as readonly string[], capabilities)),
        regions: mask(bitsOf(candidate["regions"] as readonly string[], regions)),
        inputPriceMicrocents: priceMicrocents(amountOf(candidate, INPUT_PRICE)),
        outputPriceMicrocents: priceMicrocents(amountOf(candidate, OUTPUT_PRICE)),
        name: candidate["name"] as string,
        tier: tiers.indexOf(candidate["tier"] as string),
      })),
  };
}

function bitsOf(chosen: readonly string[], names: readonly string[]): bigint {
  return chosen.reduce((bits, name) => bits | (1n << BigInt(names.indexOf(name))), 0n);
}
