/**
 * The speed of the mock's answers. The random draw belongs to the call, so that a repeated call takes the same time.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface MockPace {
  /** Before the head of an answer. */
  readonly latencyMs: number;
  /** From the head to the first token; each call draws a value from 75 % to 125 % of it. */
  readonly firstTokenMs: number;
  /** 0 means as fast as the client reads. */
  readonly tokensPerSecond: number;
}

/** The pace of a small hosted model. */
export const REALISTIC_PACE: MockPace = { latencyMs: 30, firstTokenMs: 350, tokensPerSecond: 90 };
export const NO_PACE: MockPace = { latencyMs: 0, firstTokenMs: 0, tokensPerSecond: 0 };

/** Waits; rejects early if the client disconnects. */
export async function pause(milliseconds: number, left: AbortSignal): Promise<void> {
  left.throwIfAborted();
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal: left });
}

/** Milliseconds from the head until this many tokens are generated. */
export function dueMs({ firstTokenMs, tokensPerSecond }: MockPace, outputTokens: number, draw: number): number {
  if (outputTokens === 0) return 0;
  return (firstTokenMs * (750 + draw)) / 1_000 + (tokensPerSecond === 0 ? 0 : (outputTokens * 1_000) / tokensPerSecond);
}
