/**
 * The system clock, in microseconds since the Unix epoch, and its steps.
 *
 * `Date.now()` has a resolution of 1 ms, and the monotonic clock sees neither a step of the system clock nor the time that
 * a machine was suspended. So time runs with the monotonic clock, and is reset where the two diverge. A long step
 * forwards is not followed: the time of an entry cannot be changed afterwards, so a wrong one would stay.
 * @module
 */

/** The clocks, both in milliseconds: wall time since the Unix epoch, monotonic time with fractions. */
export interface ClockSource {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

/** A step of the system clock against the monotonic clock; microseconds since the Unix epoch. */
export interface ClockStep {
  readonly fromUs: number;
  readonly toUs: number;
  /** False for a step that waits until the clock is right again or the step is confirmed. */
  readonly isFollowed: boolean;
}

/** Smaller differences come from rounding, from rate adjustment, or from a thread preempted between the two readings. */
const APART_MS_MAX = 50;
/** Shorter steps are followed without a report. */
const REPORTED_MS_MIN = 1_000;
/** The longest forward step that is followed: 7 days. */
export const FOLLOWED_STEP_MS_MAX: number = 7 * 86_400_000;

export class SystemClock {
  readonly #source: ClockSource;
  readonly #onStep: (step: ClockStep) => void;
  #offsetMs: number;
  #unconfirmed: ClockStep | undefined;
  #isConfirming: boolean = false;

  /** @param onStep - called with every step of at least a second. */
  constructor({ source = SYSTEM, onStep = () => undefined }: SystemClockOptions = {}) {
    this.#source = source;
    this.#onStep = onStep;
    this.#offsetMs = source.wallMs() - source.monotonicMs();
  }

  /**
   * Microseconds since the Unix epoch, within 50 ms of the system clock. Steps are followed, backwards ones too, except one
   * of more than 7 days forwards: until it is confirmed, time continues without it.
   */
  nowUs(): number {
    const wallMs = this.#source.wallMs();
    const nowMs = this.#source.monotonicMs() + this.#offsetMs;
    const apartMs = wallMs - nowMs;
    if (apartMs > FOLLOWED_STEP_MS_MAX) {
      if (this.#unconfirmed === undefined) {
        this.#unconfirmed = { fromUs: us(nowMs), toUs: us(wallMs), isFollowed: false };
        this.#onStep(this.#unconfirmed);
      }
      return us(nowMs);
    }
    this.#unconfirmed = undefined;
    if (Math.abs(apartMs) <= APART_MS_MAX) return us(nowMs);
    this.#offsetMs += apartMs;
    if (Math.abs(apartMs) >= REPORTED_MS_MIN) this.#onStep({ fromUs: us(nowMs), toUs: us(wallMs), isFollowed: true });
    return us(wallMs);
  }

  /** The step that is not followed, as of the last reading. */
  get unconfirmed(): ClockStep | undefined {
    return this.#isConfirming ? undefined : this.#unconfirmed;
  }

  /**
   * Follows the unconfirmed step once `record` has recorded it. Until then, readings give the time without the step. If
   * `record` throws, the step stays unconfirmed.
   *
   * @param record - called with the time after the step, microseconds since the Unix epoch.
   * @returns the result of `record`; `undefined` when there is no unconfirmed step.
   */
  confirm<T>(record: (toUs: number) => T): T | undefined {
    this.nowUs();
    if (this.#unconfirmed === undefined) return undefined;
    const { wallMs, monotonicMs } = this.#source;
    const [toMs, offsetMs] = [wallMs(), wallMs() - monotonicMs()];
    this.#isConfirming = true;
    try {
      const result = record(us(toMs));
      this.#offsetMs = offsetMs;
      this.#unconfirmed = undefined;
      return result;
    } finally {
      this.#isConfirming = false;
    }
  }
}

function us(milliseconds: number): number {
  return Math.round(milliseconds * 1_000);
}

export interface SystemClockOptions {
  readonly source?: ClockSource | undefined;
  readonly onStep?: ((step: ClockStep) => void) | undefined;
}

const SYSTEM: ClockSource = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
