/**
 * The decision itself as an entry holds it: the action, the selected candidate and its cost, or the reason of a rejection.
 * @module
 */
import { ACTION_CODES, type Action, NO_INDEX, REASON_CODES, type Reason } from "./decision.ts";
import { type RecordedDecision, SELECTION_REASONS } from "./decision-entry.ts";
import { objectSchema } from "./entry-table.ts";
import { type JsonSchema, type Members, oneOf, refuseUnknown, U64, wholeFrom } from "./entry-value.ts";
import type { Policy } from "./policy.ts";
import type { TextCursor } from "./text-cursor.ts";
import { type CandidateId, candidateId, costMicrocents, U32_MAX } from "./units.ts";

const ACTIONS = Object.keys(ACTION_CODES) as readonly Action[];
const REJECTIONS = (Object.keys(REASON_CODES) as readonly Reason[]).filter(
  (reason) => !Object.values(SELECTION_REASONS).includes(reason),
);

/** The member `decision`. */
export function answerText({ action, reason, selectedId, costMicrocents: cost }: RecordedDecision): string {
  if (action === "reject") return `{"action":"reject","reason":"${reason}"}`;
  return `{"action":"${action}","selected":${selectedId},"costMicrocents":${cost}}`;
}

const REJECTION_FIELDS = {
  action: { type: oneOf(["reject"]), holds: "nothing runs" },
  reason: { type: oneOf(REJECTIONS), holds: "why" },
};
const SELECTION_FIELDS = {
  action: {
    type: oneOf(["execute", "substitute"]),
    holds: "the requested candidate, or another one",
  },
  selected: { type: wholeFrom(1, U32_MAX), holds: "id of the candidate that was selected" },
  costMicrocents: { type: U64, holds: "what it is estimated to cost" },
};
const ANSWER_FIELDS = { ...REJECTION_FIELDS, ...SELECTION_FIELDS };
const ACTION = oneOf(ACTIONS);

/** The schema of the member `decision`. */
export const ANSWER_SCHEMA: JsonSchema = { anyOf: [objectSchema(SELECTION_FIELDS), objectSchema(REJECTION_FIELDS)] };

/** Reads it back. Throws RangeError naming the member. */
export function answerFromJson(members: Members, policy: Policy): RecordedDecision {
  refuseUnknown(members, ANSWER_FIELDS, "decision.");
  const action = ACTION.read(members["action"], "decision.action");
  if (action === "reject") return rejected(REJECTION_FIELDS.reason.type.read(members["reason"], "decision.reason"));
  const selected = SELECTION_FIELDS.selected.type.read(members["selected"], "decision.selected");
  const cost = SELECTION_FIELDS.costMicrocents.type.read(members["costMicrocents"], "decision.costMicrocents");
  return selection(action, selected, cost, policy);
}

/** Reads it from text; `undefined` if the cursor fails or the policy is unknown. */
export function answerIn(cursor: TextCursor, policyOf: () => Policy): RecordedDecision | undefined {
  if (cursor.skip('{"action":"reject","reason":"')) {
    const reason = cursor.text() as Reason;
    cursor.expect("}");
    if (REJECTIONS.includes(reason)) return rejected(reason);
    cursor.refuse();
    return undefined;
  }
  const isExecute = cursor.skip('{"action":"execute","selected":');
  if (!isExecute) cursor.expect('{"action":"substitute","selected":');
  const selected = cursor.number(U32_MAX);
  cursor.expect(',"costMicrocents":');
  const cost = cursor.unsigned();
  cursor.expect("}");
  if (selected === 0) cursor.refuse();
  if (!cursor.holds) return undefined;
  try {
    return selection(isExecute ? "execute" : "substitute", selected, cost, policyOf());
  } catch {
    cursor.refuse();
    return undefined;
  }
}

function rejected(reason: Reason): RecordedDecision {
  return {
    action: "reject",
    reason,
    selectedId: candidateId(0),
    selectedIndex: NO_INDEX,
    costMicrocents: costMicrocents(0n),
  };
}

function selection(action: "execute" | "substitute", id: number, cost: bigint, policy: Policy): RecordedDecision {
  const selectedId = candidateId(id);
  return {
    action,
    reason: SELECTION_REASONS[action] as Reason,
    selectedId,
    selectedIndex: indexOf(policy, selectedId),
    costMicrocents: costMicrocents(cost),
  };
}

/** −1 for a candidate that the policy does not have. */
function indexOf({ candidates }: Policy, id: CandidateId): number {
  for (let index = 0; index < candidates.length; index++) if (candidates[index]?.id === id) return index;
  return -1;
}
