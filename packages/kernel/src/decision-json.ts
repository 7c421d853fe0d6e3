/**
 * A decision's members as text, and back. Only the exact form that is written is accepted.
 * @module
 */
import type { DecisionEntry, EntryPolicyOf } from "./decision-entry.ts";
import type { DecisionDraft, DecisionField } from "./decision-field.ts";
import { DECISION_FIELDS } from "./decision-fields.ts";
import { type Members, refuseUnknown } from "./entry-value.ts";

/**
 * The members of a decision as text, each with a comma before it. Pure. Only the members of an entry are written, not those
 * that a live decision has besides (utility, runner-up, arms).
 */
export function decisionMembers(entry: DecisionEntry): string {
  let text = "";
  for (let index = 0; index < DECISION_FIELDS.length; index++) {
    const value = (DECISION_FIELDS[index] as DecisionField).write(entry);
    if (value !== undefined) text += (OPENINGS[index] as string) + value;
  }
  return text;
}

/** The text before the value of each member. */
const OPENINGS: readonly string[] = DECISION_FIELDS.map(({ key }) => `,"${key}":`);

const KEYS: { readonly [key: string]: true } = Object.fromEntries(DECISION_FIELDS.map(({ key }) => [key, true]));

/** Reads the members back. Throws RangeError naming the member; UnknownMember for a member unknown to this version. */
export function decisionFromJson(members: Members, policyOf: EntryPolicyOf): DecisionEntry {
  refuseUnknown(members, KEYS);
  const draft: DecisionDraft = { kind: "decision" };
  for (const { key, read } of DECISION_FIELDS) read(members[key], draft, policyOf);
  return draft as DecisionEntry;
}
