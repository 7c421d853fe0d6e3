/**
 * What all connections together may hold in memory: request bodies that are being read or handled, and answers that their
 * clients have yet to take.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";

export class TrafficBudget {
  readonly #bodiesBytesMax: number;
  readonly #answersBytesMax: number;
  #bodiesBytes = 0;
  #answersBytes = 0;

  constructor(limits: { readonly bodiesBytesMax: number; readonly answersBytesMax: number }) {
    this.#bodiesBytesMax = limits.bodiesBytesMax;
    this.#answersBytesMax = limits.answersBytesMax;
  }

  get bodiesBytes(): number {
    return this.#bodiesBytes;
  }

  get answersBytes(): number {
    return this.#answersBytes;
  }

  /** @throws GatewayError `CAL_GATEWAY_OVERLOADED` when all bodies together would hold too much. */
  takeBody(bytes: number): void {
    if (this.#bodiesBytes + bytes > this.#bodiesBytesMax)
      throw new GatewayError("CAL_GATEWAY_OVERLOADED", { problem: "too many request bodies are in flight" });
    this.#bodiesBytes += bytes;
  }

  releaseBody(bytes: number): void {
    this.#bodiesBytes -= bytes;
  }

  /** @throws GatewayError `CAL_GATEWAY_OVERLOADED` while clients leave too many answers untaken. */
  requireAnswerRoom(): void {
    if (this.#answersBytes >= this.#answersBytesMax)
      throw new GatewayError("CAL_GATEWAY_OVERLOADED", { problem: "too many answers wait for their clients" });
  }

  /** An answer that was made is queued even when that exceeds the bound; it is the next request that is refused. */
  takeAnswer(bytes: number): void {
    this.#answersBytes += bytes;
  }

  releaseAnswer(bytes: number): void {
    this.#answersBytes -= bytes;
  }
}
