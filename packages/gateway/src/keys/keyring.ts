/**
 * API keys. A key is 32 random bytes, so its SHA-256 is all that need be kept: nobody can guess a key from it, and a slow
 * hash would add nothing. A key that is presented is hashed whatever it looks like, and its digest is compared with every
 * digest there is, each in constant time and none left out, so that how long it takes says nothing about how near it was.
 * @module
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { KeyConfig } from "../config/config.ts";

/** What a key may do: ask for decisions; change budgets and policies; read the journal. */
export type Plane = "decide" | "operate" | "audit";
export const PLANES: readonly Plane[] = Object.freeze(["decide", "operate", "audit"]);

/** Whoever asks, once it is known that they may. */
export interface Principal {
  readonly name: string;
  readonly planes: ReadonlySet<Plane>;
  /** `undefined`: every tenant. */
  readonly tenants: ReadonlySet<string> | undefined;
  /** Requests a second; 0 is no limit. */
  readonly perSecond: number;
}

/** Everything is allowed to whoever can reach a service that listens on loopback and has no keys. */
export const LOCAL: Principal = Object.freeze({
  name: "local",
  planes: new Set(PLANES),
  tenants: undefined,
  perSecond: 0,
});

const KEY_PATTERN = /^cal_[A-Za-z0-9_-]{43}$/;

/** A new key, and the digest to be configured. The key is shown once and kept nowhere. */
export function createKey(): { readonly key: string; readonly sha256: string } {
  const key = `cal_${randomBytes(32).toString("base64url")}`;
  return { key, sha256: hash("sha256", key, "hex") };
}

export class Keyring {
  readonly #keys: readonly { readonly digest: Buffer; readonly principal: Principal }[];

  constructor(keys: readonly KeyConfig[], perSecondOtherwise: number) {
    this.#keys = keys.map(({ name, planes, sha256, perSecond, tenants }) => ({
      digest: Buffer.from(sha256, "hex"),
      principal: Object.freeze({
        name,
        planes: new Set(planes),
        tenants: tenants === undefined ? undefined : new Set(tenants),
        perSecond: perSecond ?? perSecondOtherwise,
      }),
    }));
  }

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  /** Whose key it is; `undefined` when it is nobody's. */
  principalOf(key: string): Principal | undefined {
    const digest = hash("sha256", key, "buffer");
    let found: Principal | undefined;
    for (const candidate of this.#keys) if (timingSafeEqual(digest, candidate.digest)) found = candidate.principal;
    return KEY_PATTERN.test(key) ? found : undefined;
  }
}

/** The key in an `authorization` header; `undefined` when there is none. */
export function bearerKey(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length < 8) return undefined;
  return authorization.slice(0, 7).toLowerCase() === "bearer " ? authorization.slice(7).trim() : undefined;
}
