/**
 * API keys. A key is 32 random bytes, so its SHA-256 is all that needs to be stored: a key cannot be guessed from it, and
 * a slow hash would add nothing. Every presented key is hashed, and its digest is compared with every configured digest in
 * constant time, so that timing does not reveal how close a guess was.
 *
 * Keys that the API created are in the journal, and may be many: they are found by their digest in a table, which reveals no
 * more, because nobody can choose what a digest begins with. One that has expired is refused from that instant on.
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
  /** Requests a second; 0 is no limit. */
  readonly perSecond: number;
  /** What the journal knows the key by; `undefined` without keys. */
  readonly identity: KeyIdentity | undefined;
  /** Models that calls may ask for, with `*` for any ending; left out: every model. */
  readonly allowed?: readonly string[];
  /** Of calls that name none. */
  readonly useCase?: string;
  /** Microseconds; from then on the key is refused. Left out: it does not expire. */
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

  /** Accepts these keys from now on, and no others. A key that has not changed keeps its principal, and so its rate. */
  replace(keys: readonly KeyConfig[], perSecondDefault: number): void {
    const before = new Map(this.#keys.map((key) => [key.text, key]));
    this.#keys = keys.map((key) => {
      const text = JSON.stringify({ ...key, perSecond: key.perSecond ?? perSecondDefault });
      return before.get(text) ?? configured(key, text, perSecondDefault);
    });
    this.#perSecondDefault = perSecondDefault;
    this.#generation += 1;
  }

  /** Accepts these keys of the journal from now on, and no others of it. One that was accepted before keeps its principal. */
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

  /** Counts replacements: a principal that was found in an earlier generation may no longer be accepted. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether the configuration has no keys. Created keys do not close a service that is open to its machine. */
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

/** What the journal knows a configured key by. */
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

/** The key in an `authorization` header; `undefined` when there is none. */
export function bearerKey(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length < 8) return undefined;
  return authorization.slice(0, 7).toLowerCase() === "bearer " ? authorization.slice(7).trim() : undefined;
}
