/**
 * Memory limits for all connections together: on request bodies that are being read or handled, and on answers that clients
 * have not taken yet.
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

  /** @throws GatewayError `CAL_GATEWAY_OVERLOADED` if all bodies together would exceed the limit. */
  takeBody(bytes: number): void {
    if (this.#bodiesBytes + bytes > this.#bodiesBytesMax)
      throw new GatewayError("CAL_GATEWAY_OVERLOADED", { problem: "too many request bodies are in flight" });
    this.#bodiesBytes += bytes;
  }

  releaseBody(bytes: number): void {
    this.#bodiesBytes -= bytes;
  }

  /** @throws GatewayError `CAL_GATEWAY_OVERLOADED` while answers not yet taken exceed the limit. */
  requireAnswerRoom(): void {
    if (this.#answersBytes >= this.#answersBytesMax)
      throw new GatewayError("CAL_GATEWAY_OVERLOADED", { problem: "too many answers wait for their clients" });
  }

  /** Counts an answer, even if it exceeds the limit; later requests are refused then. */
  takeAnswer(bytes: number): void {
    this.#answersBytes += bytes;
  }

  releaseAnswer(bytes: number): void {
    this.#answersBytes -= bytes;
  }
}
