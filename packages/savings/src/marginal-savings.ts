/**
 * The saving of routing over alternatives: today's choice of models, no router, one cheaper model for everything, or a
 * router that already selects the cheapest model that is good enough.
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

/** The present usage of one model. */
export interface ModelUsage {
  /** A name as exports write it. */
  readonly model: string;
  /** Requests, at least 1. */
  readonly requests: number;
  /** Total input tokens of the requests. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The cost that was paid, in microcents; at catalog prices if left out. */
  readonly paidMicrocents?: number | undefined;
}

export interface MarginalSavingsOptions extends ChoiceLimits {
  readonly catalog: CatalogFile;
  /**
   * Quality floor for Calybris. Default: the cheapest at which no request gets a model rated lower than the requested one.
   */
  readonly floorBps?: number | undefined;
}

/**
 * The alternative to Calybris. `today`: the requested models. `none`: the best-rated of them for everything. `basic`: one
 * model for everything, the cheapest that is rated at least as high as the floor. `smart`: for each model's requests, the
 * cheapest that is rated at least as high as the floor, or as the model if that is lower.
 */
export type Incumbent = "today" | "none" | "basic" | "smart";

export interface MarginalSaving {
  readonly incumbent: Incumbent;
  /** The one model for everything; only for `none` and `basic`. */
  readonly model?: string;
  /** Its cost. */
  readonly costMicrocents: bigint;
  /** The saving of Calybris over it; negative if Calybris would cost more. */
  readonly savedMicrocents: bigint;
  /** The mean rating of the models that run, weighted by requests. */
  readonly qualityBps: number;
}

export interface MarginalSavings {
  readonly floorBps: number;
  /** The cost with Calybris at the floor; `qualityBps` is the mean rating of the models that it would run. */
  readonly costMicrocents: bigint;
  readonly qualityBps: number;
  readonly against: readonly MarginalSaving[];
}

/**
 * Estimates the marginal saving of Calybris: over the present cost, and over three incumbents.
 *
 * Prices are those of the catalog, for the same tokens; all requests of a model move together. The saving over `smart` is 0
 * or negative: prices and ratings leave nothing to save, and Calybris selects the best-rated model that costs no more than
 * the requested one. No figure includes the saving from learning, because a distribution of usage has no outcomes.
 *
 * @returns `undefined` if no candidate of the catalog may be chosen.
 * @throws CalybrisError `CAL_INPUT_MALFORMED` for empty usage, a model that is not in the catalog, a number that is not an
 *   integer or out of range, and amounts beyond 2^52 microcents.
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

/** @param costMicrocents - the cost of the usage with Calybris at the point. */
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

/** The run with the `smart` incumbent: as today if no reachable candidate is cheaper. */
function smartRun(usage: KnownUsage, choices: Choices, floorBps: number): Run {
  const own = choices.candidates[usage.index] as Candidate;
  const chosen = cheapest(choices.reachable(usage.index, Math.min(floorBps, own.qualityBps)), usage);
  const today = runOn(own, usage, own);
  const run = chosen === undefined ? today : runOn(chosen, usage, own);
  return run.costMicrocents < today.costMicrocents ? run : today;
}

/**
 * The cost of usage on a candidate. On its own candidate it is the cost paid. On another, the part paid beyond the catalog's
 * price (a longer context, a tool) is added to the catalog cost.
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

/** The cheapest candidate; at equal cost, the one rated higher. */
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
