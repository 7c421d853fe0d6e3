/**
 * The maximum cost of a call on each candidate, before it is sent.
 * @module
 */
import type { CandidateBound } from "@calybris/engine";
import type { ExactJson } from "@calybris/kernel";
import { type RequestedService, factorMax } from "../prices/price-factors.ts";
import { callBound } from "../reserve/call-bound.ts";
import type { UsageEstimator } from "../reserve/usage-estimator.ts";
import { readMember, type SpannedBody } from "../wire/body-members.ts";
import type { ClientBody } from "./client-call.ts";
import type { Lane } from "./lanes.ts";

/** Maximum length of a value that names a tier, a speed or a region. */
const WORD_BYTES_MAX = 256;

/**
 * The bound of the most expensive deployment, because any of them may take the call.
 *
 * @returns `undefined` if a deployment has no price, or no bound on its cost.
 */
export function boundOfLane(
  lane: Lane,
  { body }: ClientBody,
  timeMs: number,
  estimator: UsageEstimator,
): CandidateBound | undefined {
  const asked = requestedService(body);
  const bounds: Omit<CandidateBound, "candidate">[] = [];
  for (const { pricesAt, priceProvider: provider, contextTokens } of lane.targets) {
    const prices = pricesAt(timeMs);
    const { factorBpsMax, unknown } = factorMax(asked, provider);
    if (prices === undefined || unknown.length > 0) return undefined;
    const bound = callBound(body.content, { provider, prices, contextTokens, factorBpsMax }, estimator);
    if (bound === undefined) return undefined;
    bounds.push(bound);
  }
  const [first] = bounds.length > 1 ? bounds.toSorted((a, b) => Number(mostOf(b) - mostOf(a))) : bounds;
  if (first === undefined) return undefined;
  const outputPrices = bounds.map(({ outputPriceMicrocents }) => BigInt(outputPriceMicrocents));
  const outputPriceMicrocents = outputPrices.reduce((max, price) => (price > max ? price : max), 0n);
  return { candidate: lane.candidateId, input: first.input, outputPriceMicrocents };
}

function mostOf({ input }: Pick<CandidateBound, "input">): bigint {
  return BigInt(input[0]?.microcents ?? 0);
}

/** The options of a request, in any dialect, that change its price from the list price. */
function requestedService(body: SpannedBody): RequestedService {
  return {
    tier: wordOf(readMember(body, "service_tier", WORD_BYTES_MAX)),
    speed: wordOf(readMember(body, "speed", WORD_BYTES_MAX)),
    region: wordOf(readMember(body, "inference_geo", WORD_BYTES_MAX)),
  };
}

function wordOf(value: ExactJson | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
