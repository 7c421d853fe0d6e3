/**
 * The deadlines of a call to a provider: for the head, the first token, each piece, and the whole call. undici's own timers
 * are accurate only to about a second, and have no deadline for the first token.
 * @module
 */

export interface CallTimeouts {
  /** Time to open a connection. It is undici's timer, accurate to a second. */
  readonly connectMs: number;
  /**
   * From the request to the head of the answer, including the connection. An answer without streaming arrives with its head.
   */
  readonly headMs: number;
  /** From the head to the first event that is not a comment or a ping. */
  readonly firstTokenMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
  readonly totalMs: number;
}

export type CallPhase = "head" | "firstToken" | "idle";
export type Deadline = CallPhase | "total";

/** One timer for the next deadline. It is set again only for an earlier time. */
export class CallDeadlines {
  readonly #timeouts: CallTimeouts;
  readonly #expired: (deadline: Deadline) => void;
  readonly #totalAtMs: number;
  #phase: CallPhase = "head";
  /** End of the phase; infinite while it is paused. */
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

  /**
   * Pauses the idle deadline while the client takes a piece. Before the first token the gateway reads, and nothing pauses.
   */
  pause(): void {
    this.#isPaused = true;
    if (this.#phase === "idle") this.#phaseAtMs = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.#isPaused = false;
    // Comments before the first token do not extend its deadline.
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
    // Node's timers have millisecond resolution, and may fire up to one early.
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
