/**
 * The time that a call to a provider has: for its head, its first token, from piece to piece, and as a whole. undici's own timers
 * are coarse to about a second, and know no first token.
 * @module
 */

export interface CallTimeouts {
  /** To open a connection. Coarse to a second: undici's own timer. */
  readonly connectMs: number;
  /** From the request to the head of the answer; connecting included. An answer that is not streamed comes with its head. */
  readonly headMs: number;
  /** From the head to the first event that is not a comment or a ping. */
  readonly firstTokenMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
  readonly totalMs: number;
}

export type CallPhase = "head" | "firstToken" | "idle";
export type Deadline = CallPhase | "total";

export class CallDeadlines {
  readonly #timeouts: CallTimeouts;
  readonly #expired: (deadline: Deadline) => void;
  readonly #total: NodeJS.Timeout;
  #phase: CallPhase = "head";
  #isPaused = false;
  #isStopped = false;
  #timer: NodeJS.Timeout;

  /** @param expired - called at most once. */
  constructor(timeouts: CallTimeouts, expired: (deadline: Deadline) => void) {
    this.#timeouts = timeouts;
    this.#expired = (deadline) => {
      this.stop();
      expired(deadline);
    };
    this.#total = setTimeout(() => this.#expired("total"), timeouts.totalMs);
    this.#timer = this.#started("head");
  }

  enter(phase: CallPhase): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#phase = phase;
    if (phase !== "idle" || !this.#isPaused) this.#timer = this.#started(phase);
  }

  /** While the client takes a piece, the provider is not idle. Before the first token it is the gateway that reads. */
  pause(): void {
    this.#isPaused = true;
    if (this.#phase === "idle") clearTimeout(this.#timer);
  }

  resume(): void {
    this.#isPaused = false;
    // Comments before the first token give no more time.
    if (this.#phase === "idle") this.enter("idle");
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#total);
  }

  #started(phase: CallPhase): NodeJS.Timeout {
    const { headMs, firstTokenMs, idleMs } = this.#timeouts;
    const milliseconds = { head: headMs, firstToken: firstTokenMs, idle: idleMs }[phase];
    return setTimeout(() => this.#expired(phase), milliseconds);
  }
}
