/**
 * Deployments that a reload has removed. Earlier calls may still be sent to them, so their connections are closed only after
 * the maximum duration of a call. Idle connections close by themselves.
 * @module
 */
import type { Upstream } from "../providers/upstream.ts";

export class RetiredUpstreams {
  readonly #callMsMax: number;
  readonly #timers = new Map<Upstream, NodeJS.Timeout>();

  /** @param callMsMax - maximum duration of a call. */
  constructor(callMsMax: number) {
    this.#callMsMax = callMsMax;
  }

  add(upstreams: readonly Upstream[]): void {
    for (const upstream of upstreams) {
      const timer = setTimeout(() => {
        this.#timers.delete(upstream);
        void upstream.close();
      }, this.#callMsMax);
      // The timer does not keep the process alive.
      this.#timers.set(upstream, timer.unref());
    }
  }

  /** Closes every connection, including those of calls in progress. */
  async close(): Promise<void> {
    const all = [...this.#timers];
    this.#timers.clear();
    for (const [, timer] of all) clearTimeout(timer);
    await Promise.all(all.map(([upstream]) => upstream.close()));
  }
}
