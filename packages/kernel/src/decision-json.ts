/**
 * A decision's members as text, and back. What is read is exactly what would be written.
 * @module
 */
import type { DecisionEntry, EntryPolicyOf } from "./decision-entry.ts";
import { DECISION_FIELDS, type DecisionDraft } from "./decision-fields.ts";
import { CalybrisError } from "./errors.ts";
import type { ExactJson } from "./exact-json.ts";

/**
 * The members of a decision as text, each with a comma before it. Pure. It holds an entry's own members only: those that a
 * live decision has beyond them (utility, runner-up, arms) are not written.
 */
export function decisionMembers(entry: DecisionEntry): string {
  let text = "";
  for (const { key, write } of DECISION_FIELDS) {
    const value = write(entry);
    if (value !== undefined) text += `,"${key}":${value}`;
  }
  return text;
}

const KEYS: ReadonlySet<string> = new Set(DECISION_FIELDS.map(({ key }) => key));

/**
 * Reads the members back.
 *
 * @throws {@link CalybrisError} `CAL_JOURNAL_MEMBER_UNKNOWN` for a member that this version does not know.
 * @throws {@link CalybrisError} `CAL_JOURNAL_ENTRY_MALFORMED` for one that is missing or out of range.
 */
export function decisionFromJson(
  journalSequence: number,
  members: { readonly [key: string]: ExactJson },
  policyOf: EntryPolicyOf,
): DecisionEntry {
  for (const member of Object.keys(members))
    if (!KEYS.has(member))
      throw new CalybrisError("CAL_JOURNAL_MEMBER_UNKNOWN", { sequence: journalSequence, kind: "decision", member });
  const draft: DecisionDraft = { kind: "decision" };
  try {
    for (const { key, read } of DECISION_FIELDS) read(members[key], draft, policyOf);
    return draft as DecisionEntry;
  } catch (cause) {
    if (cause instanceof CalybrisError) throw cause;
    const problem = cause instanceof RangeError ? cause.message : "a member in it is missing";
    throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence: journalSequence, problem }, { cause });
  }
}
