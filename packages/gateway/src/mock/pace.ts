/**
 * How fast the mock answers. The draw is the call's own, so that a call takes the same time whenever it is made.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface MockPace {
  /** Before the head of an answer. */
  readonly latencyMs: number;
  /** From the head to the first token; each call draws from three quarters of it to five quarters. */
  readonly firstTokenMs: number;
  /** 0: as fast as they are read. */
  readonly tokensPerSecond: number;
}

/** As a small hosted model answers. */
export const REALISTIC_PACE: MockPace = { latencyMs: 30, firstTokenMs: 350, tokensPerSecond: 90 };
export const NO_PACE: MockPace = { latencyMs: 0, firstTokenMs: 0, tokensPerSecond: 0 };

/** Waits. It ends early, with an error, when the client leaves. */
export async function pause(milliseconds: number, left: AbortSignal): Promise<void> {
  left.throwIfAborted();
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal: left });
}

/** Milliseconds from the head until so many tokens are generated. */
export function dueMs({ firstTokenMs, tokensPerSecond }: MockPace, outputTokens: number, draw: number): number {
  if (outputTokens === 0) return 0;
  return (firstTokenMs * (750 + draw)) / 1_000 + (tokensPerSecond === 0 ? 0 : (outputTokens * 1_000) / tokensPerSecond);
}
