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

/** One timer for whichever deadline is next; it is set anew only where that comes sooner than what it was set to. */
export class CallDeadlines {
  readonly #timeouts: CallTimeouts;
  readonly #expired: (deadline: Deadline) => void;
  readonly #totalAtMs: number;
  #phase: CallPhase = "head";
  /** When the phase ends; infinite while it is paused. */
  #phaseAtMs: number;
  #isPaused = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  /** @param expired - called at most once. */
  constructor(timeouts: CallTimeouts, expired: (deadline: Deadline) => void) {
    this.#timeouts = timeouts;
    this.#expired = expired;
    const nowMs = performance.now();
    this.#totalAtMs = nowMs + timeouts.totalMs;
    this.#phaseAtMs = nowMs + timeouts.headMs;
    this.#set(nowMs);
  }

  enter(phase: CallPhase): void {
    if (this.#isStopped) return;
    this.#phase = phase;
    if (phase === "idle" && this.#isPaused) {
      this.#phaseAtMs = Number.POSITIVE_INFINITY;
      return;
    }
    const nowMs = performance.now();
    this.#phaseAtMs = nowMs + this.#timeouts[TIMEOUT_OF[phase]];
    this.#set(nowMs);
  }

  /** While the client takes a piece, the provider is not idle. Before the first token it is the gateway that reads. */
  pause(): void {
    this.#isPaused = true;
    if (this.#phase === "idle") this.#phaseAtMs = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.#isPaused = false;
    // Comments before the first token give no more time.
    if (this.#phase === "idle") this.enter("idle");
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #set(nowMs: number): void {
    const atMs = Math.min(this.#phaseAtMs, this.#totalAtMs);
    if (this.#timerAtMs <= atMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(this.#look, Math.max(1, Math.ceil(atMs - nowMs)));
  }

  readonly #look = (): void => {
    if (this.#isStopped) return;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    // Node's timers know whole milliseconds, and may be early by one.
    const isDue = (atMs: number): boolean => atMs - nowMs < 1;
    const due = isDue(this.#totalAtMs) ? "total" : isDue(this.#phaseAtMs) ? this.#phase : undefined;
    if (due === undefined) {
      this.#set(nowMs);
      return;
    }
    this.stop();
    this.#expired(due);
  };
}

const TIMEOUT_OF = { head: "headMs", firstToken: "firstTokenMs", idle: "idleMs" } as const;
