/**
 * Timers that fire only when the test advances them. A process in a search lives for some milliseconds of real time, more on a busy
 * machine; what it does must not depend on that. What an abandoned process left running is forgotten.
 * @module
 */

interface Timer {
  readonly work: () => void;
  readonly delayMs: number;
  readonly isRepeated: boolean;
  dueMs: number;
  readonly ref: () => Timer;
  readonly unref: () => Timer;
  readonly refresh: () => Timer;
}

let nowMs = 0;
const timers = new Set<Timer>();

/** Does something while every timer in this thread goes off only by {@link pass}. */
export async function withTimersHeld<T>(work: () => Promise<T>): Promise<T> {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  const clear = (timer: unknown): void => {
    timers.delete(timer as Timer);
  };
  const held = {
    setTimeout: (work: () => void, delayMs = 0) => start(work, delayMs, false),
    setInterval: (work: () => void, delayMs = 0) => start(work, delayMs, true),
    clearTimeout: clear,
    clearInterval: clear,
  };
  Object.assign(globalThis, held);
  try {
    return await work();
  } finally {
    Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
    forgetTimers();
  }
}

/** Lets time pass; what is due goes off, in order. */
export function pass(milliseconds: number): void {
  const end = nowMs + milliseconds;
  for (let next = earliest(end); next !== undefined; next = earliest(end)) {
    nowMs = Math.max(nowMs, next.dueMs);
    if (next.isRepeated) next.dueMs = nowMs + next.delayMs;
    else timers.delete(next);
    next.work();
  }
  nowMs = end;
}

/** The code that set them has ended. */
export function forgetTimers(): void {
  timers.clear();
}

function start(work: () => void, delayMs: number, isRepeated: boolean): Timer {
  const timer: Timer = {
    work,
    delayMs,
    isRepeated,
    dueMs: nowMs + delayMs,
    ref: () => timer,
    unref: () => timer,
    refresh: () => {
      timer.dueMs = nowMs + delayMs;
      return timer;
    },
  };
  timers.add(timer);
  return timer;
}

function earliest(end: number): Timer | undefined {
  let found: Timer | undefined;
  for (const timer of timers)
    if (timer.dueMs <= end && (found === undefined || timer.dueMs < found.dueMs)) found = timer;
  return found;
}
