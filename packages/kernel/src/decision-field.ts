/**
 * One member of a decision's entry: how it is written, read from JSON, and scanned from text.
 * @module
 */
import type { DecisionEntry, EntryPolicyOf } from "./decision-entry.ts";
import { type EntryValue, type JsonSchema, written } from "./entry-value.ts";
import type { ExactJson } from "./exact-json.ts";
import type { TextCursor } from "./text-cursor.ts";

/** A partially read entry. */
export type DecisionDraft = { -readonly [Key in keyof DecisionEntry]?: DecisionEntry[Key] };

/** One member. */
export interface DecisionField {
  readonly key: string;
  readonly holds: string;
  /** When it is left out; without this it never is. */
  readonly leftOut?: string;
  readonly schema: JsonSchema;
  /** Its value as JSON; `undefined` if it is left out. */
  readonly write: (entry: DecisionEntry) => string | undefined;
  /** Reads its value into a draft that already has the members before it. Throws RangeError naming the member. */
  readonly read: (value: ExactJson | undefined, draft: DecisionDraft, policyOf: EntryPolicyOf) => void;
  /** The same from text; refuses every form that it does not know. If absent, the general reader reads the entry. */
  readonly scan?: (cursor: TextCursor, draft: DecisionDraft, policyOf: EntryPolicyOf) => void;
}

/** A member that the draft holds unchanged, or not at all. */
interface PlainField<At extends keyof DecisionDraft> {
  readonly key?: string;
  readonly holds: string;
  readonly leftOut: string;
  readonly type: EntryValue<NonNullable<DecisionEntry[At]>>;
  /** By default the scanner of the type. */
  readonly scan?: (cursor: TextCursor) => unknown;
  /** The conflict of its value with the members before it; `undefined` if there is none. */
  fault?(value: NonNullable<DecisionEntry[At]>, draft: DecisionDraft): string | undefined;
}

/** Builds the field of a member that the draft holds unchanged, and that is left out if the entry lacks it. */
export function plain<At extends keyof DecisionDraft>(at: At, field: PlainField<At>): DecisionField {
  const { type, holds, leftOut, scan = type.scan, key = at } = field;
  const put = (value: unknown, draft: DecisionDraft): void => {
    const read = type.read(value as ExactJson, key);
    const fault = field.fault?.(read, draft);
    if (fault !== undefined) throw new RangeError(fault);
    draft[at] = read;
  };
  return {
    key,
    holds,
    leftOut,
    schema: type.schema,
    write: (entry) => {
      const value = entry[at];
      return value === undefined ? undefined : written(type, value as NonNullable<DecisionEntry[At]>);
    },
    read: (value, draft) => {
      if (value !== undefined) put(value, draft);
    },
    ...(scan === undefined
      ? {}
      : {
          scan: (cursor, draft) => {
            const value = scan(cursor);
            if (!cursor.holds) return;
            try {
              put(value, draft);
            } catch {
              cursor.refuse();
            }
          },
        }),
  };
}

/** Scans a string with its quotes. */
export function quoted(cursor: TextCursor): string {
  cursor.expect('"');
  return cursor.text();
}
