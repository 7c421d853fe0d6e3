/**
 * What routing would save beside what is done instead: today's choice of models, no router, one cheaper model for everything, or a
 * router that already takes the cheapest model that is good enough.
 * @module
 */
import type { CatalogFile } from "@calybris/engine";
import { nameRemedy, showValue } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { AMOUNT_MAX_MICROCENTS } from "./cells.ts";
import { type ChoiceLimits, Choices } from "./choices.ts";
import { Curve, pointAt, safePoint } from "./curve.ts";
import { ModelNames } from "./model-names.ts";
import { type Candidate, costOf } from "./prices.ts";

/** What a model is used for today. */
export interface ModelUsage {
  /** A name as exports write it. */
  readonly model: string;
  /** Requests, at least 1. */
  readonly requests: number;
  /** Tokens of all of them. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** What they cost, in microcents; at catalog prices when left out. */
  readonly paidMicrocents?: number | undefined;
}

export interface MarginalSavingsOptions extends ChoiceLimits {
  readonly catalog: CatalogFile;
  /** The quality floor that Calybris would hold; when left out, the cheapest at which no request gets a model rated lower. */
  readonly floorBps?: number | undefined;
}

/**
 * What is done in the place of Calybris: `today` the models that are asked for; `none` the best-rated of them for everything; `basic` one
 * model for everything, the cheapest that is rated at least as high as the floor; `smart` for each model's requests the cheapest that is rated
 * at least as high as the floor, or as the model where that is lower.
 */
export type Incumbent = "today" | "none" | "basic" | "smart";

export interface MarginalSaving {
  readonly incumbent: Incumbent;
  /** The one model that runs everything, of `none` and `basic`. */
  readonly model?: string;
  /** What it costs. */
  readonly costMicrocents: bigint;
  /** What Calybris would save beside it; below 0, Calybris would cost more. */
  readonly savedMicrocents: bigint;
  /** The mean rating of what runs, by request. */
  readonly qualityBps: number;
}

export interface MarginalSavings {
  readonly floorBps: number;
  /** What Calybris would cost at the floor, and the mean rating of what it would run. */
  readonly costMicrocents: bigint;
  readonly qualityBps: number;
  readonly against: readonly MarginalSaving[];
}

/**
 * Estimates what Calybris would save at the margin: beside what is paid today, and beside three incumbents.
 *
 * Prices are those of the catalog, on the same tokens; each model's requests move as a whole. Beside `smart`, prices and ratings
 * save nothing, and the figure is 0 or below: Calybris takes the best-rated model that costs no more than the one that was asked for. What learning from
 * outcomes saves is in no figure, since a distribution of usage does not have outcomes.
 *
 * @returns `undefined` where no candidate of the catalog may be chosen.
 * @throws CalybrisError `CAL_INPUT_MALFORMED` for no usage, a model that the catalog does not hold, a number that is not whole or out of
 *   range, and amounts beyond 2^52 microcents.
 *
 * @example
 * ```ts
 * import { loadCatalog } from "@calybris/engine";
 * import { estimateMarginalSavings } from "@calybris/savings";
 * const catalog = await loadCatalog("llm-with-legacy");
 * const usage = [{ model: "gpt-4o", requests: 100, inputTokens: 200_000, outputTokens: 50_000 }];
 * const today = estimateMarginalSavings(usage, { catalog })?.against[0];
 * today?.costMicrocents; // 100000000n
 * (today?.savedMicrocents ?? 0n) > 0n; // true
 * ```
 */
export function estimateMarginalSavings(
  current: readonly ModelUsage[],
  { catalog, floorBps, ...limits }: MarginalSavingsOptions,
): MarginalSavings | undefined {
  if (current.length === 0) throw malformed("holds no usage");
  const names = new ModelNames(catalog.candidates.map(({ name }) => name));
  const choices = new Choices(catalog, limits);
  const curve = new Curve(choices);
  const known = current.map((usage): KnownUsage => {
    const index = names.indexOf(usage.model);
    const candidate = catalog.candidates[index];
    if (candidate === undefined) {
      const all = catalog.candidates.map(({ name }) => name);
      throw malformed(`names ${showValue(usage.model)}, which is not a candidate. ${nameRemedy(usage.model, all)}`);
    }
    const { requests, inputTokens, outputTokens } = usage;
    requireWhole("requests", requests, 1);
    requireWhole("inputTokens", inputTokens, 0);
    requireWhole("outputTokens", outputTokens, 0);
    const catalogCost = costOf(candidate, inputTokens, outputTokens);
    const paid = usage.paidMicrocents ?? catalogCost;
    if (catalogCost === Number.POSITIVE_INFINITY)
      throw malformed(`has usage of ${showValue(usage.model)} that costs more than 2^52 microcents`);
    requireWhole("paidMicrocents", paid, 0);
    curve.add(index, { inputTokens, outputTokens, requests }, paid, catalogCost);
    const tokens = { inputTokens: BigInt(inputTokens), outputTokens: BigInt(outputTokens) };
    return { index, requests, ...tokens, paidMicrocents: BigInt(paid) };
  });
  const points = curve.points();
  const point = floorBps === undefined ? safePoint(points) : pointAt(points, floorBps);
  if (point === undefined) return undefined;
  const paid = known.reduce((sum, { paidMicrocents }) => sum + paidMicrocents, 0n);
  return marginalSavings(known, choices, point, paid - point.savedMicrocents);
}

/** Usage of a candidate, by its position in the catalog. */
export interface KnownUsage {
  readonly index: number;
  readonly requests: number;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  readonly paidMicrocents: bigint;
}

/** @param costMicrocents - what Calybris would cost for the usage at the point. */
export function marginalSavings(
  usages: readonly KnownUsage[],
  choices: Choices,
  point: { readonly floorBps: number; readonly policyFloorBps: number; readonly qualityBps: number },
  costMicrocents: bigint,
): MarginalSavings {
  const { floorBps, qualityBps } = point;
  const candidateAt = (index: number): Candidate => choices.candidates[index] as Candidate;
  const against = (incumbent: Incumbent, runs: readonly Run[], model?: string): MarginalSaving => {
    const cost = runs.reduce((sum, run) => sum + run.costMicrocents, 0n);
    return {
      incumbent,
      ...(model === undefined ? {} : { model }),
      costMicrocents: cost,
      savedMicrocents: cost - costMicrocents,
      qualityBps: meanQuality(runs),
    };
  };
  const onOne = (incumbent: Incumbent, candidate: Candidate | undefined): readonly MarginalSaving[] =>
    candidate === undefined
      ? []
      : [
          against(
            incumbent,
            usages.map((usage) => runOn(candidate, usage, candidateAt(usage.index))),
            candidate.name,
          ),
        ];
  const used = usages.map(({ index }) => candidateAt(index));
  const best = used.reduce((one, other) => (other.qualityBps > one.qualityBps ? other : one));
  const total = usages.reduce(
    (sum, { inputTokens, outputTokens }) => ({
      inputTokens: sum.inputTokens + inputTokens,
      outputTokens: sum.outputTokens + outputTokens,
    }),
    { inputTokens: 0n, outputTokens: 0n },
  );
  return {
    floorBps,
    costMicrocents,
    qualityBps,
    against: [
      against(
        "today",
        usages.map((usage) => runOn(candidateAt(usage.index), usage, candidateAt(usage.index))),
      ),
      ...onOne("none", best),
      ...onOne("basic", cheapest(choices.goodEnough(floorBps), total)),
      against(
        "smart",
        usages.map((usage) => smartRun(usage, choices, floorBps)),
      ),
    ],
  };
}

interface Run {
  readonly candidate: Candidate;
  readonly requests: number;
  readonly costMicrocents: bigint;
}

type Tokens = Pick<KnownUsage, "inputTokens" | "outputTokens">;

/** As it is today where nothing that may run is cheaper. */
function smartRun(usage: KnownUsage, choices: Choices, floorBps: number): Run {
  const own = choices.candidates[usage.index] as Candidate;
  const chosen = cheapest(choices.reachable(usage.index, Math.min(floorBps, own.qualityBps)), usage);
  const today = runOn(own, usage, own);
  const run = chosen === undefined ? today : runOn(chosen, usage, own);
  return run.costMicrocents < today.costMicrocents ? run : today;
}

/**
 * What was paid stays paid where the model stays; beside another, what was paid beyond the catalog's price (a longer context, a tool).
 *
 * @param own - the candidate of the usage.
 */
function runOn(candidate: Candidate, usage: KnownUsage, own: Candidate): Run {
  const { requests, paidMicrocents: paid } = usage;
  if (candidate === own) return { candidate, requests, costMicrocents: paid };
  const catalogCost = exactCost(own, usage);
  const beyond = paid > catalogCost ? paid - catalogCost : 0n;
  return { candidate, requests, costMicrocents: exactCost(candidate, usage) + beyond };
}

/** Of two that cost the same, the one that is rated higher. */
function cheapest(candidates: readonly Candidate[], tokens: Tokens): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>((one, other) => {
    if (one === undefined) return other;
    const [cost, otherCost] = [exactCost(one, tokens), exactCost(other, tokens)];
    return otherCost < cost || (otherCost === cost && other.qualityBps > one.qualityBps) ? other : one;
  }, undefined);
}

function exactCost(candidate: Candidate, { inputTokens, outputTokens }: Tokens): bigint {
  return side(inputTokens, candidate.inputPriceMicrocents) + side(outputTokens, candidate.outputPriceMicrocents);
}

function side(tokens: bigint, price: bigint): bigint {
  return (tokens * price + 999_999n) / 1_000_000n;
}

function meanQuality(runs: readonly Run[]): number {
  const requests = runs.reduce((sum, run) => sum + run.requests, 0);
  return Math.round(runs.reduce((sum, run) => sum + run.candidate.qualityBps * run.requests, 0) / requests);
}

function requireWhole(field: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= AMOUNT_MAX_MICROCENTS) return;
  throw malformed(`has ${field} ${showValue(value)}; it must be a whole number from ${least} to 2^52`);
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_INPUT_MALFORMED", { file: "the distribution of usage", problem });
}
