/**
 * A decision's members as text, and back. What is read is exactly what would be written.
 * @module
 */
import type { DecisionEntry, EntryPolicyOf } from "./decision-entry.ts";
import type { DecisionDraft, DecisionField } from "./decision-field.ts";
import { DECISION_FIELDS } from "./decision-fields.ts";
import { type Members, refuseUnknown } from "./entry-value.ts";

/**
 * The members of a decision as text, each with a comma before it. Pure. It holds an entry's own members only: those that a
 * live decision has beyond them (utility, runner-up, arms) are not written.
 */
export function decisionMembers(entry: DecisionEntry): string {
  let text = "";
  for (let index = 0; index < DECISION_FIELDS.length; index++) {
    const value = (DECISION_FIELDS[index] as DecisionField).write(entry);
    if (value !== undefined) text += (OPENINGS[index] as string) + value;
  }
  return text;
}

/** What comes before the value of each member. */
const OPENINGS: readonly string[] = DECISION_FIELDS.map(({ key }) => `,"${key}":`);

const KEYS: { readonly [key: string]: true } = Object.fromEntries(DECISION_FIELDS.map(({ key }) => [key, true]));

/** Reads the members back. Throws RangeError naming the member, UnknownMember for one that this version does not know. */
export function decisionFromJson(members: Members, policyOf: EntryPolicyOf): DecisionEntry {
  refuseUnknown(members, KEYS);
  const draft: DecisionDraft = { kind: "decision" };
  for (const { key, read } of DECISION_FIELDS) read(members[key], draft, policyOf);
  return draft as DecisionEntry;
}
