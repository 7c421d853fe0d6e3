/**
 * Reads a decision's entry straight from its text, several times as fast as by way of JSON. It knows the everyday form
 * and nothing else: whatever `decisionMembers` would not have written in just this way, or writes rarely, it leaves to the
 * general reader. A test holds the two equal.
 * @module
 */
import type { DecisionEntry, EntryPolicyOf } from "./decision-entry.ts";
import type { DecisionDraft } from "./decision-field.ts";
import { DECISION_FIELDS } from "./decision-fields.ts";
import { DEFAULT_USE_CASE } from "./snapshot.ts";
import { TextCursor } from "./text-cursor.ts";

const KIND = '"kind":"decision"';
/** Behind a comma and a quote. */
const INITIAL_AHEAD = 2;
const FIELDS = DECISION_FIELDS.map(({ key, scan, leftOut }) => ({
  lead: `,"${key}":`,
  /** Most members are left out of most entries: one character says so of nearly all of them. */
  initial: key.charCodeAt(0),
  scan,
  isRequired: leftOut === undefined,
}));

/**
 * @param data - the entry's data, whose head was read and says that it is a decision.
 * @returns `undefined` when the general reader has to say what this is.
 */
export function readDecision(data: string, policyOf: EntryPolicyOf): DecisionEntry | undefined {
  const cursor = new TextCursor(data, data.indexOf(KIND) + KIND.length);
  const draft: DecisionDraft = { kind: "decision", useCase: DEFAULT_USE_CASE, defaulted: [] };
  for (const { lead, initial, scan, isRequired } of FIELDS) {
    if (cursor.has(initial, INITIAL_AHEAD) && cursor.skip(lead)) {
      if (scan === undefined) return undefined;
      scan(cursor, draft, policyOf);
      if (!cursor.holds) return undefined;
    } else if (isRequired) return undefined;
  }
  cursor.expect("}");
  return cursor.holds && cursor.isAtEnd ? (draft as DecisionEntry) : undefined;
}
