/**
 * The rate limit of each key: a token bucket that holds one second's requests. A batch costs as many requests as it holds,
 * and a long body one for each 32 KiB. An admitted request may overdraw the bucket; later requests are refused until it
 * refills.
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

  /** @param nowMs - a monotonic clock. */
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

  /** Charges an admitted request for `more` requests. */
  charge(principal: Principal, more: number): void {
    const bucket = this.#buckets.get(principal);
    if (bucket !== undefined) bucket.requests -= more;
  }
}
