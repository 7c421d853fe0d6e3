/**
 * The cause of an entry. An actor is an authenticated caller: the journal sequence of the `key` entry that introduced it, or
 * `"system:NAME"` for a user of the operating system at the command line. On whose behalf it acted is a claim of the caller:
 * recorded and shown as claimed, never verified.
 * @module
 */
import type { Fields } from "./entry-table.ts";
import { type EntryValue, textWhere } from "./entry-value.ts";
import { isName, NAME_CHARACTERS_MAX } from "./names.ts";

/** The sequence of a `key` entry, or a user of the operating system. */
export type Actor = number | `system:${string}`;

/** The members of an entry that a caller causes. */
export interface Caused {
  readonly actor: Actor;
  /** On whose behalf, as the caller claims; 1 to 128 printable characters. */
  readonly onBehalfOf?: string;
}

const ACTOR_NAME_CHARACTERS_MAX = 64;
const ON_BEHALF_OF_CHARACTERS_MAX: number = NAME_CHARACTERS_MAX;
const SYSTEM = "system:";

/**
 * Whether a value is an actor: a positive safe integer, or `system:` and 1 to 64 printable characters.
 *
 * @example
 * ```ts
 * import { isActor } from "@calybris/kernel";
 * isActor(7); // true
 * isActor("system:ana"); // true
 * isActor("ana"); // false
 * isActor(0); // false
 * ```
 */
export function isActor(value: unknown): value is Actor {
  if (typeof value === "number") return Number.isSafeInteger(value) && value > 0;
  return (
    typeof value === "string" &&
    value.startsWith(SYSTEM) &&
    isName(value.slice(SYSTEM.length), ACTOR_NAME_CHARACTERS_MAX)
  );
}

/**
 * The actor for a user of the operating system. Unprintable characters become `?`; the name is truncated to 64 characters.
 *
 * @example
 * ```ts
 * import { systemActor } from "@calybris/kernel";
 * systemActor("ana"); // "system:ana"
 * systemActor(""); // "system:unknown"
 * ```
 */
export function systemActor(userName: string): Actor {
  const printable = userName.replaceAll(/\p{C}/gu, "?").slice(0, ACTOR_NAME_CHARACTERS_MAX);
  // A cut can leave half of a surrogate pair.
  const name = printable.replace(/[\ud800-\udbff]$/, "").trim();
  return `${SYSTEM}${name === "" ? "unknown" : name}`;
}

/** The actor of an entry. */
export const ACTOR: EntryValue<Actor> = {
  schema: {
    anyOf: [
      { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
      { type: "string", pattern: "^system:." },
    ],
  },
  read: (json, key) => {
    if (!isActor(json)) throw new RangeError(`${key} is neither the sequence of a key nor "system:NAME"`);
    return json;
  },
  scan: (cursor) => {
    const actor = cursor.skip('"') ? cursor.text() : cursor.whole(1, Number.MAX_SAFE_INTEGER);
    if (!isActor(actor)) cursor.refuse();
    return actor as Actor;
  },
};

export const ON_BEHALF_OF: EntryValue<string> = textWhere(
  (value) => isName(value, ON_BEHALF_OF_CHARACTERS_MAX),
  { type: "string", minLength: 1, maxLength: ON_BEHALF_OF_CHARACTERS_MAX },
  "a valid name",
);

/** The members that identify an entry's cause; they are its last ones. */
export const CAUSED_FIELDS: Fields<Caused> = {
  actor: { type: ACTOR, holds: 'the caller: the sequence of the `key` entry that introduced it, or `"system:NAME"`' },
  onBehalfOf: {
    type: ON_BEHALF_OF,
    holds: "identity that the caller claims to act for; 1 to 128 printable characters",
    leftOut: "none is claimed",
  },
};

/** The members of an entry that identify its cause. */
export function causedOf({ actor, onBehalfOf }: Caused): Caused {
  return onBehalfOf === undefined ? { actor } : { actor, onBehalfOf };
}

/**
 * An actor as readable text.
 *
 * @param keyName - the name of the actor's key, if known.
 *
 * @example
 * ```ts
 * import { actorText } from "@calybris/kernel";
 * actorText(7, "billing", "ana"); // 'key "billing" (entry 7), on behalf of "ana" (claimed)'
 * actorText("system:ana", undefined, undefined); // "system:ana"
 * ```
 */
export function actorText(actor: Actor, keyName: string | undefined, onBehalfOf: string | undefined): string {
  const claimed = onBehalfOf === undefined ? "" : `, on behalf of ${JSON.stringify(onBehalfOf)} (claimed)`;
  if (typeof actor === "string") return `${actor}${claimed}`;
  return `key ${keyName === undefined ? "" : `${JSON.stringify(keyName)} `}(entry ${actor})${claimed}`;
}
