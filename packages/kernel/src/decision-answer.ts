/**
 * What an entry says of the decision itself: the action, the selected candidate and its cost, or the reason of a rejection.
 * @module
 */
import { ACTION_CODES, type Action, NO_INDEX, REASON_CODES, type Reason } from "./decision.ts";
import { type RecordedDecision, SELECTION_REASONS } from "./decision-entry.ts";
import { type Members, oneOf } from "./entry-fields.ts";
import { exactInteger } from "./exact-json.ts";
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

/** Reads it back. Throws RangeError naming the member. */
export function answerFromJson(members: Members, policy: Policy): RecordedDecision {
  const action = oneOf(members, "action", ACTIONS);
  if (action === "reject") return rejected(oneOf(members, "reason", REJECTIONS));
  const selected = members["selected"];
  const cost = exactInteger(members["costMicrocents"]);
  if (typeof selected !== "number" || !Number.isInteger(selected) || selected < 1 || selected > U32_MAX)
    throw new RangeError("decision.selected is not a candidate");
  if (cost === undefined) throw new RangeError("decision.costMicrocents is not an exact integer");
  return selection(action, selected, cost, policy);
}

/** Reads it from text; `undefined` when the cursor no longer holds, or there is no such policy. */
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
