/**
 * API keys. A key is 32 random bytes, so its SHA-256 is all that needs to be stored: a key cannot be guessed from it, and
 * a slow hash would add nothing. Every presented key is hashed, and its digest is compared with every configured digest in
 * constant time, so that timing does not reveal how close a guess was.
 *
 * Keys that the API created are in the journal, and there may be many. They are looked up by digest in a hash table, which
 * leaks nothing useful, because callers cannot choose the prefix of a digest. A key is refused from its expiry on.
 * @module
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { CreatedKey } from "@calybris/engine";
import { type KeyIdentity, keyIdentity } from "@calybris/kernel";
import type { KeyConfig } from "../config/config.ts";
import { GatewayError } from "../gateway-errors.ts";
import { type Scope, SCOPES } from "./scope.ts";

/** An authenticated caller. */
export interface Principal {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The tenants a bound key may act for; `undefined`: every tenant. */
  readonly tenants: ReadonlySet<string> | undefined;
  /** Requests per second; 0 means no limit. */
  readonly perSecond: number;
  /** The key's identity in the journal; `undefined` for a service without keys. */
  readonly identity: KeyIdentity | undefined;
  /** Models that it may request; a trailing `*` matches any ending. Left out: all. */
  readonly allowed?: readonly string[];
  /** The use case of calls that name none. */
  readonly useCase?: string;
  /** Microseconds since the Unix epoch; the key is refused from then on. Left out: it does not expire. */
  readonly expiresAtUs?: number;
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

/** Creates a key; returns it with the digest to configure. The key is shown once and not stored. */
export function createKey(): { readonly key: string; readonly sha256: string } {
  const key = `cal_${randomBytes(32).toString("base64url")}`;
  return { key, sha256: hash("sha256", key, "hex") };
}

/** A configured key with its principal. */
interface Configured {
  readonly text: string;
  readonly digest: Buffer;
  readonly principal: Principal;
}

const NO_CREATED: ReadonlyMap<string, Principal> = new Map();

export class Keyring {
  #keys: readonly Configured[] = [];
  /** By digest. */
  #created: ReadonlyMap<string, Principal> = NO_CREATED;
  #perSecondDefault = 0;
  #generation = 0;
  readonly #nowMs: () => number;

  constructor(keys: readonly KeyConfig[], perSecondDefault: number, nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    this.replace(keys, perSecondDefault);
  }

  /** Replaces the configured keys. An unchanged key keeps its principal, and so its rate limiter. */
  replace(keys: readonly KeyConfig[], perSecondDefault: number): void {
    const before = new Map(this.#keys.map((key) => [key.text, key]));
    this.#keys = keys.map((key) => {
      const text = JSON.stringify({ ...key, perSecond: key.perSecond ?? perSecondDefault });
      return before.get(text) ?? configured(key, text, perSecondDefault);
    });
    this.#perSecondDefault = perSecondDefault;
    this.#generation += 1;
  }

  /** Replaces the keys of the journal. A key that is already accepted keeps its principal. */
  setCreated(keys: readonly CreatedKey[]): void {
    const before = this.#created;
    this.#created = new Map(
      keys.map((key) => {
        const { sha256 } = key.identity;
        const known = before.get(sha256);
        return [sha256, known?.identity === key.identity ? known : this.#principalOfCreated(key)];
      }),
    );
    this.#generation += 1;
  }

  /** Counts replacements: a principal from an earlier generation may no longer be accepted. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether the configuration has no keys. A service without configured keys stays open, even if keys were created. */
  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  /** @throws GatewayError `CAL_GATEWAY_KEY_EXPIRED`. */
  requireUnexpired({ name, expiresAtUs }: Principal): void {
    if (expiresAtUs !== undefined && this.#nowMs() * 1_000 >= expiresAtUs)
      throw new GatewayError("CAL_GATEWAY_KEY_EXPIRED", { key: name });
  }

  /** The caller that a key belongs to; `undefined` for an unknown key. */
  principalOf(key: string): Principal | undefined {
    const digest = hash("sha256", key, "buffer");
    let found: Principal | undefined;
    for (const candidate of this.#keys) if (timingSafeEqual(digest, candidate.digest)) found = candidate.principal;
    return KEY_PATTERN.test(key) ? (found ?? this.#created.get(digest.toString("hex"))) : undefined;
  }

  #principalOfCreated({ identity, terms }: CreatedKey): Principal {
    const { name, scopes, tenants } = identity;
    const { allowed, useCase, expiresAt, perSecond } = terms;
    return Object.freeze({
      name,
      scopes: new Set(scopes),
      tenants: tenants === undefined ? undefined : new Set(tenants),
      perSecond: perSecond ?? this.#perSecondDefault,
      identity,
      ...(allowed === undefined ? {} : { allowed }),
      ...(useCase === undefined ? {} : { useCase }),
      ...(expiresAt === undefined ? {} : { expiresAtUs: expiresAt }),
    });
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

/** The journal's identity of a configured key. */
export function identityOf({
  name,
  sha256,
  scopes,
  tenants,
}: Pick<KeyConfig, "name" | "sha256" | "scopes" | "tenants">): KeyIdentity {
  return keyIdentity({ name, sha256, scopes, ...(tenants === undefined ? {} : { tenants }) });
}

/** Whether a text has the form of a key of this service. */
export function isKeyForm(text: string): boolean {
  return KEY_PATTERN.test(text);
}

/** The key in an `authorization` header; `undefined` if it has none. */
export function bearerKey(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length < 8) return undefined;
  return authorization.slice(0, 7).toLowerCase() === "bearer " ? authorization.slice(7).trim() : undefined;
}
