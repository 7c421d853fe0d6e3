/**
 * How often each key may ask: a bucket that fills with so many requests a second, up to one second's worth. A batch costs
 * as many requests as it holds, and a long body one for each 32 KiB. A request that was admitted may overdraw the bucket;
 * the next one waits for it.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import type { Principal } from "../keys/keyring.ts";

interface Bucket {
  requests: number;
  atMs: number;
}

export class Rates {
  readonly #buckets = new WeakMap<Principal, Bucket>();
  readonly #nowMs: () => number;

  /** @param nowMs - a clock that never runs backwards. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Admits one request. @throws GatewayError `CAL_GATEWAY_RATE_LIMITED`. */
  take(principal: Principal): void {
    const { perSecond } = principal;
    if (perSecond === 0) return;
    const now = this.#nowMs();
    let bucket = this.#buckets.get(principal);
    if (bucket === undefined) {
      bucket = { requests: perSecond, atMs: now };
      this.#buckets.set(principal, bucket);
    }
    bucket.requests = Math.min(perSecond, bucket.requests + ((now - bucket.atMs) / 1_000) * perSecond);
    bucket.atMs = now;
    if (bucket.requests < 1) {
      const retryAfterSeconds = Math.max(1, Math.ceil((1 - bucket.requests) / perSecond));
      throw new GatewayError("CAL_GATEWAY_RATE_LIMITED", { key: principal.name, perSecond, retryAfterSeconds });
    }
    bucket.requests -= 1;
  }

  /** An admitted request costs more than one. */
  charge(principal: Principal, more: number): void {
    const bucket = this.#buckets.get(principal);
    if (bucket !== undefined) bucket.requests -= more;
  }
}
