/**
 * Which decisions have been told about: one bit for each entry of the journal, for good, and the latest outcomes in full,
 * so that the same one again gets the first answer.
 * @module
 */
import type { OutcomeEntry } from "@calybris/kernel";
import type { Observed } from "./observed.ts";

/** How many outcomes are remembered in full. */
export const OUTCOMES_KEPT_MAX = 131_072;
const CHUNK_BITS = 65_536;

/** An outcome as its entry tells it. */
export function rememberedOutcome(sequence: number, entry: OutcomeEntry): Remembered {
  const { successBps, rewardBps, learned, digest } = entry;
  const observed = { decisionId: "", sequence, successBps, rewardBps, learned, digest, repeated: true };
  return { sequence, content: outcomeContent(entry), observed };
}

/** What was told, but for when. */
export function outcomeContent(
  told: Pick<OutcomeEntry, "disposition" | "succeeded" | "signals" | "costMicrocents" | "latencyMs">,
): string {
  const { disposition, succeeded, signals = [], costMicrocents, latencyMs } = told;
  return [disposition, succeeded, signals.join("+"), costMicrocents, latencyMs].join(" ");
}

/** What was told, and what was answered. */
export interface Remembered {
  readonly sequence: number;
  /** What was told, as one text. `undefined` when it is no longer known. */
  readonly content: string | undefined;
  readonly observed: Observed;
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
    return { sequence: 0, content: undefined, observed };
  }
}
