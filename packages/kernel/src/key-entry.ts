/**
 * API keys as the journal holds them, so that the actor of an entry is a number. A key is introduced before the first
 * entry that it causes, and is the actor of those by the sequence of its introduction, until it is revoked. One whose name,
 * secret, tenants or scopes change is another key.
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type EntryTable, formOf } from "./entry-table.ts";
import { DIGEST, type EntryValue, listOf, oneOf, someOf, textWhere, WHOLE } from "./entry-value.ts";
import { isName, NAME_CHARACTERS_MAX, NAME_WANTED } from "./names.ts";

/** What a key may do: request decisions; change budgets and policies; read the journal. */
export type KeyScope = "decide" | "operate" | "audit";
export const KEY_SCOPES: readonly KeyScope[] = Object.freeze(["decide", "operate", "audit"]);

/** The members that identify a key. */
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

/** The members of an introduction, in their order and with scopes in theirs, whatever else the object has. */
export function keyIdentity({ name, sha256, tenants, scopes }: KeyIdentity): KeyIdentity {
  return {
    name,
    sha256,
    ...(tenants === undefined ? {} : { tenants: [...tenants] }),
    scopes: KEY_SCOPES.filter((scope) => scopes.includes(scope)),
  };
}

const NAME: EntryValue<string> = textWhere(
  isName,
  { type: "string", minLength: 1, maxLength: NAME_CHARACTERS_MAX },
  NAME_WANTED,
);

export const KEY_TABLE: EntryTable = {
  says: "An API key may act from now on, or no more.",
  forms: [
    formOf<KeyIntroducedEntry>({
      change: { type: oneOf(["introduced"]), holds: "it may act" },
      name: { type: NAME, holds: "its name" },
      sha256: { type: DIGEST, holds: "SHA-256 of the secret, hexadecimal" },
      tenants: {
        type: listOf(NAME, {
          wanted: "a list of different tenants",
          holds: (tenants) => tenants.length > 0 && new Set(tenants).size === tenants.length,
          schema: { minItems: 1, uniqueItems: true },
        }),
        holds: "the tenants that it may act for",
        leftOut: "it may act for every tenant",
      },
      scopes: { type: someOf(KEY_SCOPES), holds: "what it may do" },
      ...CAUSED_FIELDS,
    }),
    formOf<KeyRevokedEntry>({
      change: { type: oneOf(["revoked"]), holds: "it may act no more" },
      of: { type: WHOLE, holds: "sequence of the entry that introduced it" },
      ...CAUSED_FIELDS,
    }),
  ],
};
