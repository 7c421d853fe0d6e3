/**
 * The system clock: microseconds since the Unix epoch, never far from what the system says.
 *
 * `Date.now()` has milliseconds only, and the monotonic clock knows neither a step of the system clock nor the time that
 * a machine was suspended. So time runs with the monotonic clock, and is set anew where the two have come apart.
 * @module
 */

/** Where the time comes from; both in milliseconds, the first since the Unix epoch, the second with fractions. */
export interface ClockSource {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

/** Below this the two differ by rounding, by adjustment of the rate, and by a thread that lost its processor between them. */
const APART_MS_MAX = 50;

/**
 * A clock that follows every step of the system clock, forwards and backwards. The journal never goes back: after a
 * backward step its time stands still until the clock has caught up.
 *
 * @returns microseconds since the Unix epoch, within 50 ms of the system clock.
 *
 * @example
 * ```ts
 * import { systemClock } from "@calybris/engine/internal";
 * let wall = 1_000;
 * const nowUs = systemClock({ wallMs: () => wall, monotonicMs: () => 0 });
 * nowUs(); // 1000000
 * wall += 86_400_000;
 * nowUs(); // 86401000000
 * ```
 */
export function systemClock(source: ClockSource = SYSTEM): () => number {
  let offsetMs = source.wallMs() - source.monotonicMs();
  return () => {
    const wallMs = source.wallMs();
    const nowMs = source.monotonicMs() + offsetMs;
    const apartMs = wallMs - nowMs;
    if (Math.abs(apartMs) <= APART_MS_MAX) return Math.round(nowMs * 1_000);
    offsetMs += apartMs;
    return Math.round(wallMs * 1_000);
  };
}

const SYSTEM: ClockSource = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
