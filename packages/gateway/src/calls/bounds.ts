/**
 * What a call may cost at most, by candidate, before it is made.
 * @module
 */
import { boundOf } from "../prices/call-cost.ts";
import type { ModelPrices } from "../prices/model-prices.ts";
import type { ClientBody } from "./client-call.ts";
import type { CandidateBound } from "./engine-calls.ts";
import type { Lane } from "./lanes.ts";

const LIST_PRICE_BPS = 10_000;
const OUTPUT_UNITS = 1_000_000;

/**
 * The bound by bytes, since no text has more tokens than bytes; by the context window where bytes do not show everything. Of
 * several deployments, the one that costs most.
 *
 * @returns `undefined` where a deployment has no price.
 */
export function boundOfLane(lane: Lane, client: ClientBody, timeMs: number): CandidateBound | undefined {
  const prices: (ModelPrices | undefined)[] = lane.targets.map((target) => target.pricesAt(timeMs));
  if (prices.some((one) => one === undefined)) return undefined;
  const { promptBytes, hidden } = client.body.content;
  const windowTokens = Math.max(...lane.targets.map(({ contextTokens }) => contextTokens));
  // What the bytes do not show is bounded by what the model can read at all.
  const isShown = hidden.length === 0;
  const inputTokens = isShown ? promptBytes : windowTokens;
  const most = (bounds: readonly bigint[]): bigint => bounds.reduce((max, one) => (one > max ? one : max), 0n);
  const priced = prices as readonly ModelPrices[];
  const inputs = priced.map((one) =>
    boundOf({ inputTokens, outputTokens: 0, webSearches: 0, factorBpsMax: LIST_PRICE_BPS }, one),
  );
  const outputs = priced.map((one) =>
    boundOf(
      {
        inputTokens: 0,
        outputTokens: OUTPUT_UNITS * client.choiceCount,
        webSearches: 0,
        factorBpsMax: LIST_PRICE_BPS,
      },
      one,
    ),
  );
  return {
    candidate: lane.candidateId,
    input: [{ basis: isShown ? "bytes" : "window", microcents: most(inputs) }],
    outputPriceMicrocents: most(outputs),
  };
}
