/**
 * Deployments that a reload has removed: calls that came before it may still be sent to them, so that their connections are ended
 * only when the longest of those calls is over. Idle connections end by themselves.
 * @module
 */
import type { Upstream } from "../providers/upstream.ts";

export class RetiredUpstreams {
  readonly #callMsMax: number;
  readonly #timers = new Map<Upstream, NodeJS.Timeout>();

  /** @param callMsMax - how long a call may take. */
  constructor(callMsMax: number) {
    this.#callMsMax = callMsMax;
  }

  add(upstreams: readonly Upstream[]): void {
    for (const upstream of upstreams) {
      const timer = setTimeout(() => {
        this.#timers.delete(upstream);
        void upstream.close();
      }, this.#callMsMax);
      // A process that has nothing else to do may end.
      this.#timers.set(upstream, timer.unref());
    }
  }

  /** Ends every connection, calls that are being answered included. */
  async close(): Promise<void> {
    const all = [...this.#timers];
    this.#timers.clear();
    for (const [, timer] of all) clearTimeout(timer);
    await Promise.all(all.map(([upstream]) => upstream.close()));
  }
}
