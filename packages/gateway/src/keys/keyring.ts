/**
 * API keys. A key is 32 random bytes, so its SHA-256 is all that needs to be stored: a key cannot be guessed from it, and
 * a slow hash would add nothing. Every presented key is hashed, and its digest is compared with every configured digest in
 * constant time, so that timing does not reveal how close a guess was.
 * @module
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { type KeyIdentity, keyIdentity } from "@calybris/kernel";
import type { KeyConfig } from "../config/config.ts";
import { type Scope, SCOPES } from "./scope.ts";

/** An authenticated caller. */
export interface Principal {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The tenants a bound key may act for; `undefined`: every tenant. */
  readonly tenants: ReadonlySet<string> | undefined;
  /** Requests a second; 0 is no limit. */
  readonly perSecond: number;
  /** What the journal knows the key by; `undefined` without keys. */
  readonly identity: KeyIdentity | undefined;
}

/** The caller of a service without keys, which listens on loopback only. It may do everything. */
export const LOCAL: Principal = Object.freeze({
  name: "local",
  scopes: new Set(SCOPES),
  tenants: undefined,
  perSecond: 0,
  identity: undefined,
});

const KEY_PATTERN = /^cal_[A-Za-z0-9_-]{43}$/;

/** A new key, and the digest to configure. The key is shown once and not stored. */
export function createKey(): { readonly key: string; readonly sha256: string } {
  const key = `cal_${randomBytes(32).toString("base64url")}`;
  return { key, sha256: hash("sha256", key, "hex") };
}

/** A key as it was configured, and its holder. */
interface Configured {
  readonly text: string;
  readonly digest: Buffer;
  readonly principal: Principal;
}

export class Keyring {
  #keys: readonly Configured[] = [];
  #generation = 0;

  constructor(keys: readonly KeyConfig[], perSecondDefault: number) {
    this.replace(keys, perSecondDefault);
  }

  /** Accepts these keys from now on, and no others. A key that has not changed keeps its principal, and so its rate. */
  replace(keys: readonly KeyConfig[], perSecondDefault: number): void {
    const before = new Map(this.#keys.map((key) => [key.text, key]));
    this.#keys = keys.map((key) => {
      const text = JSON.stringify({ ...key, perSecond: key.perSecond ?? perSecondDefault });
      return before.get(text) ?? configured(key, text, perSecondDefault);
    });
    this.#generation += 1;
  }

  /** Counts replacements: a principal that was found in an earlier generation may no longer be accepted. */
  get generation(): number {
    return this.#generation;
  }

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  /** The caller that a key belongs to; `undefined` for an unknown key. */
  principalOf(key: string): Principal | undefined {
    const digest = hash("sha256", key, "buffer");
    let found: Principal | undefined;
    for (const candidate of this.#keys) if (timingSafeEqual(digest, candidate.digest)) found = candidate.principal;
    return KEY_PATTERN.test(key) ? found : undefined;
  }
}

function configured(key: KeyConfig, text: string, perSecondDefault: number): Configured {
  const { name, scopes, sha256, perSecond, tenants } = key;
  const principal = Object.freeze({
    name,
    scopes: new Set(scopes),
    tenants: tenants === undefined ? undefined : new Set(tenants),
    perSecond: perSecond ?? perSecondDefault,
    identity: identityOf(key),
  });
  return { text, digest: Buffer.from(sha256, "hex"), principal };
}

/** What the journal knows a configured key by. */
export function identityOf({
  name,
  sha256,
  scopes,
  tenants,
}: Pick<KeyConfig, "name" | "sha256" | "scopes" | "tenants">): KeyIdentity {
  return keyIdentity({ name, sha256, scopes, ...(tenants === undefined ? {} : { tenants }) });
}

/** The key in an `authorization` header; `undefined` when there is none. */
export function bearerKey(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length < 8) return undefined;
  return authorization.slice(0, 7).toLowerCase() === "bearer " ? authorization.slice(7).trim() : undefined;
}
