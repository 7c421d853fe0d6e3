/**
 * API keys as the journal holds them, so that the actor of an entry is a number. A key is introduced before the first entry
 * that it causes; until it is revoked, the sequence of its introduction identifies it as the actor. A key whose name,
 * secret, tenants or scopes change is a new key.
 *
 * A key of the configuration is introduced when it first acts. A key that a command created is introduced by that command,
 * with its terms: only the journal holds it.
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type EntryTable, formOf } from "./entry-table.ts";
import { DIGEST, type EntryValue, listOf, oneOf, POSITIVE, someOf, textWhere, WHOLE } from "./entry-value.ts";
import { isName, isUseCaseName, NAME_CHARACTERS_MAX, NAME_WANTED, USE_CASE_NAME_PATTERN } from "./names.ts";

/**
 * The permissions of a key: `decide` requests decisions, `operate` changes budgets and policies, `audit` reads the journal.
 */
export type KeyScope = "decide" | "operate" | "audit";
export const KEY_SCOPES: readonly KeyScope[] = Object.freeze(["decide", "operate", "audit"]);

/** The members that identify a key. */
export interface KeyIdentity {
  readonly name: string;
  /** SHA-256 of the secret, hexadecimal. */
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

/** The terms of a created key besides its tenants and scopes. */
export interface KeyTerms {
  /** Microseconds since the Unix epoch; the key is invalid from then on. */
  readonly expiresAt?: number;
  /** The models that it may request; a trailing `*` matches any ending. Left out: all. */
  readonly allowed?: readonly string[];
  /** Requests a second. */
  readonly perSecond?: number;
  /** The use case of its requests that name none. */
  readonly useCase?: string;
}

/** A key that a command created, and that may act from now on. */
export interface KeyCreatedEntry extends KeyIdentity, KeyTerms, Caused {
  readonly kind: "key";
  readonly change: "created";
}

/** A key that may no longer act. */
export interface KeyRevokedEntry extends Caused {
  readonly kind: "key";
  readonly change: "revoked";
  /** Sequence of the entry that introduced it. */
  readonly of: number;
}

export type KeyEntry = KeyIntroducedEntry | KeyCreatedEntry | KeyRevokedEntry;

/** The members of an introduction in canonical order, with scopes in canonical order; other members are dropped. */
export function keyIdentity({ name, sha256, tenants, scopes }: KeyIdentity): KeyIdentity {
  return {
    name,
    sha256,
    ...(tenants === undefined ? {} : { tenants: [...tenants] }),
    scopes: KEY_SCOPES.filter((scope) => scopes.includes(scope)),
  };
}

/** The terms of a created key, in canonical order. */
export function keyTerms({ expiresAt, allowed, perSecond, useCase }: KeyTerms): KeyTerms {
  return {
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(allowed === undefined ? {} : { allowed: [...allowed] }),
    ...(perSecond === undefined ? {} : { perSecond }),
    ...(useCase === undefined ? {} : { useCase }),
  };
}

const NAME: EntryValue<string> = textWhere(
  isName,
  { type: "string", minLength: 1, maxLength: NAME_CHARACTERS_MAX },
  NAME_WANTED,
);

const LIST_MAX = 64;

/** Different names, at least one. */
function namesOf(wanted: string): EntryValue<readonly string[]> {
  return listOf(NAME, {
    wanted,
    holds: (names) => names.length > 0 && new Set(names).size === names.length,
    schema: { minItems: 1, uniqueItems: true },
  });
}

const ALLOWED: EntryValue<readonly string[]> = listOf(NAME, {
  wanted: `a list of 1 to ${LIST_MAX} different names`,
  holds: (names) => names.length > 0 && names.length <= LIST_MAX && new Set(names).size === names.length,
  schema: { minItems: 1, maxItems: LIST_MAX, uniqueItems: true },
});

const USE_CASE: EntryValue<string> = textWhere(
  isUseCaseName,
  { type: "string", pattern: USE_CASE_NAME_PATTERN },
  "a use case",
);

const IDENTITY_FIELDS = {
  name: { type: NAME, holds: "name of the key" },
  sha256: { type: DIGEST, holds: "SHA-256 of the secret, hexadecimal" },
  tenants: {
    type: namesOf("a list of different tenants"),
    holds: "tenants that the key may act for",
    leftOut: "the key may act for every tenant",
  },
  scopes: { type: someOf(KEY_SCOPES), holds: "scopes of the key" },
} as const;

export const KEY_TABLE: EntryTable = {
  says: "An API key is introduced, created or revoked.",
  forms: [
    formOf<KeyIntroducedEntry>({
      change: { type: oneOf(["introduced"]), holds: "the key may act from now on" },
      ...IDENTITY_FIELDS,
      ...CAUSED_FIELDS,
    }),
    formOf<KeyCreatedEntry>({
      change: { type: oneOf(["created"]), holds: "the key was created by a command, and may act from now on" },
      ...IDENTITY_FIELDS,
      expiresAt: {
        type: WHOLE,
        holds: "microseconds since the Unix epoch, when the key expires",
        leftOut: "the key does not expire",
      },
      allowed: {
        type: ALLOWED,
        holds: "names that its requests may ask for; a final `*` matches any suffix",
        leftOut: "its requests may ask for every name",
      },
      perSecond: { type: POSITIVE, holds: "rate limit, requests per second", leftOut: "the configured limit applies" },
      useCase: { type: USE_CASE, holds: "use case of its requests that name none", leftOut: "the default use case" },
      ...CAUSED_FIELDS,
    }),
    formOf<KeyRevokedEntry>({
      change: { type: oneOf(["revoked"]), holds: "the key may no longer act" },
      of: { type: WHOLE, holds: "sequence of the entry that introduced or created the key" },
      ...CAUSED_FIELDS,
    }),
  ],
};
