/**
 * Which decisions have been told about: one bit for each entry of the journal, for good, and the latest outcomes in full,
 * so that the same one again gets the first answer.
 * @module
 */
import { type OutcomeEntry, outcomeCost } from "@calybris/kernel";
import type { Observed } from "./observed.ts";
import type { Reported } from "../flows/parsed-outcome.ts";

/** How many outcomes are remembered in full. */
export const OUTCOMES_KEPT_MAX = 131_072;
const CHUNK_BITS = 65_536;

/**
 * An outcome as its entry tells it.
 *
 * @param closedCost - what the decision's reservation was closed at before the outcome.
 */
export function rememberedOutcome(sequence: number, entry: OutcomeEntry, closedCost: bigint | undefined): Remembered {
  const { successBps, rewardBps, learned, digest } = entry;
  const observed = { decisionId: "", sequence, successBps, rewardBps, learned, digest, repeated: true };
  const cost = outcomeCost(entry);
  const costs = cost === undefined ? [undefined, closedCost] : [cost];
  return { sequence, content: outcomeContent(entry), costs, observed };
}

/** What was reported, but for when and the cost. */
function outcomeContent(reported: {
  readonly disposition: OutcomeEntry["disposition"];
  readonly succeeded?: boolean | undefined;
  readonly signals?: OutcomeEntry["signals"] | undefined;
  readonly latencyMs?: number | undefined;
}): string {
  const { disposition, succeeded, signals = [], latencyMs } = reported;
  return [disposition, succeeded, signals.join("+"), latencyMs].join(" ");
}

/** What was reported, and what was answered. */
export interface Remembered {
  readonly sequence: number;
  /** What was reported, as one text. `undefined` when it is no longer known. */
  readonly content: string | undefined;
  /** The costs that are the same report: after a settlement its cost may be given or left out. */
  readonly costs: readonly (bigint | undefined)[];
  readonly observed: Omit<Observed, "settlement">;
}

/** Whether a report is the one that is remembered. */
export function isSameReport(before: Remembered, reported: Reported): boolean {
  return before.content === outcomeContent(reported) && before.costs.includes(reported.costMicrocents);
}

export class OutcomeIndex {
  readonly #told = new Map<number, Uint8Array>();
  readonly #latest = new Map<number, Remembered>();
  /** Goes on from the oldest that is left: asking the Map for its first anew walks over all that were ever deleted. */
  readonly #oldest: MapIterator<number> = this.#latest.keys();

  /** Marks a decision as told about. */
  mark(of: number): void {
    const chunk = Math.floor(of / CHUNK_BITS);
    const bits = this.#told.get(chunk) ?? new Uint8Array(CHUNK_BITS / 8);
    this.#told.set(chunk, bits);
    const bit = of % CHUNK_BITS;
    bits[bit >> 3] = (bits[bit >> 3] as number) | (1 << (bit & 7));
  }

  remember(of: number, remembered: Remembered): void {
    this.mark(of);
    this.#latest.set(of, remembered);
    if (this.#latest.size > OUTCOMES_KEPT_MAX) this.#latest.delete(this.#oldest.next().value as number);
  }

  /** What is known of the outcome of a decision; `undefined` when nobody told. */
  find(of: number): Remembered | undefined {
    const latest = this.#latest.get(of);
    if (latest !== undefined) return latest;
    const bit = of % CHUNK_BITS;
    const bits = this.#told.get(Math.floor(of / CHUNK_BITS));
    if (bits === undefined || ((bits[bit >> 3] as number) & (1 << (bit & 7))) === 0) return undefined;
    const observed = {
      decisionId: "",
      sequence: 0,
      successBps: 0,
      rewardBps: 0,
      learned: false,
      digest: "",
      repeated: true,
    };
    return { sequence: 0, content: undefined, costs: [], observed };
  }
}
