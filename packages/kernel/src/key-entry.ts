/**
 * API keys as they stand in the journal, so that the actor of an entry is a number. A key is introduced before the first
 * entry that it causes, and is the actor of those by the sequence of its introduction, until it is revoked. One whose name,
 * secret, tenants or scopes change is another key.
 * @module
 */
import { type Caused, CAUSED_MEMBERS, causedFromJson } from "./actor.ts";
import { digest, list, type Members, oneOf, optional, whole } from "./entry-fields.ts";
import type { ExactJson } from "./exact-json.ts";
import { isName } from "./names.ts";

/** What a key may do: request decisions; change budgets and policies; read the journal. */
export type KeyScope = "decide" | "operate" | "audit";
export const KEY_SCOPES: readonly KeyScope[] = Object.freeze(["decide", "operate", "audit"]);

/** What tells one key from another. */
export interface KeyIdentity {
  readonly name: string;
  /** Of the secret, hexadecimal. */
  readonly sha256: string;
  /** The tenants it may act for; left out: every tenant. */
  readonly tenants?: readonly string[];
  readonly scopes: readonly KeyScope[];
}

/** A key that may act from now on. */
export interface KeyIntroducedEntry extends KeyIdentity, Caused {
  readonly kind: "key";
  readonly change: "introduced";
}

/** A key that may act no more. */
export interface KeyRevokedEntry extends Caused {
  readonly kind: "key";
  readonly change: "revoked";
  /** Sequence of the entry that introduced it. */
  readonly of: number;
}

export type KeyEntry = KeyIntroducedEntry | KeyRevokedEntry;

export const KEY_MEMBERS: readonly string[] = [
  "change",
  "of",
  "name",
  "sha256",
  "tenants",
  "scopes",
  ...CAUSED_MEMBERS,
];

/** The members of an introduction, in their order and with scopes in theirs, whatever else the object has. */
export function keyIdentity({ name, sha256, tenants, scopes }: KeyIdentity): KeyIdentity {
  return {
    name,
    sha256,
    ...(tenants === undefined ? {} : { tenants: [...tenants] }),
    scopes: KEY_SCOPES.filter((scope) => scopes.includes(scope)),
  };
}

/** Reads the members of a key. Throws RangeError naming the member. */
export function keyFromJson(members: Members): KeyEntry {
  if (oneOf(members, "change", ["introduced", "revoked"]) === "revoked")
    return { kind: "key", change: "revoked", of: whole(members, "of"), ...causedFromJson(members) };
  const { name } = members;
  if (!isName(name)) throw new RangeError("name is no name");
  return {
    kind: "key",
    change: "introduced",
    name,
    sha256: digest(members, "sha256"),
    ...optional(members, "tenants", tenantsIn),
    scopes: scopesIn(members, "scopes"),
    ...causedFromJson(members),
  };
}

function tenantsIn(members: Members, key: string): readonly string[] {
  const tenants = list(members, key);
  if (tenants.length === 0 || new Set(tenants).size !== tenants.length || !tenants.every((name) => isName(name)))
    throw new RangeError(`${key} is no list of tenants`);
  return tenants as unknown as readonly string[];
}

function scopesIn(members: Members, key: string): readonly KeyScope[] {
  const scopes: readonly ExactJson[] = list(members, key);
  const ordered = KEY_SCOPES.filter((scope) => scopes.includes(scope));
  if (ordered.length === 0 || ordered.join() !== scopes.join()) throw new RangeError(`${key} is no list of scopes`);
  return ordered;
}
