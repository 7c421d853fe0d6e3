/**
 * Reads a decision's entry directly from its text, several times as fast as via JSON. It accepts only the common form: rare
 * members, and every text that `decisionMembers` does not produce, are left to the general reader. A test checks that both
 * agree.
 * @module
 */
import type { DecisionEntry, EntryPolicyOf } from "./decision-entry.ts";
import type { DecisionDraft } from "./decision-field.ts";
import { DECISION_FIELDS } from "./decision-fields.ts";
import { DEFAULT_USE_CASE } from "./snapshot.ts";
import { TextCursor } from "./text-cursor.ts";

const KIND = '"kind":"decision"';
/** The first character of a key follows a comma and a quote. */
const INITIAL_AHEAD = 2;
const FIELDS = DECISION_FIELDS.map(({ key, scan, leftOut }) => ({
  lead: `,"${key}":`,
  /** Most members are left out of most entries; one character is enough to see that. */
  initial: key.charCodeAt(0),
  scan,
  isRequired: leftOut === undefined,
}));

/**
 * @param data - the data of an entry whose head says that it is a decision.
 * @returns `undefined` if the general reader must read it.
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
