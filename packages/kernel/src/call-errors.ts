/**
 * The rows of calls in the error table.
 * @module
 */
import { type ErrorRow, quote, row } from "./error-row.ts";

/** The details of each code. */
export interface CallErrorDetails {
  readonly CAL_CALL_REPEATED: { requestId: string; decisionId: string; state: string };
  readonly CAL_CALL_ATTEMPT_BUDGET: { decisionId: string; headroomMicrocents: bigint; neededMicrocents: bigint };
  readonly CAL_CALL_ATTEMPT_INVALID: { decisionId: string; problem: string };
  readonly CAL_CALL_COST_UNKNOWN: { decisionId: string; attempts: string };
  readonly CAL_CALL_ENDED: { decisionId: string; state: string };
}

export const CALL_ERRORS: { readonly [Code in keyof CallErrorDetails]: ErrorRow<CallErrorDetails[Code]> } = {
  CAL_CALL_REPEATED: row(
    409,
    (d) =>
      `request ID ${quote(d.requestId)} began the call ${d.decisionId} before, which is ${d.state.replace("_", " ")}`,
    "Do not send it again: answers are not stored, and the first call is billed. Use a new ID for a new call.",
  ),
  CAL_CALL_ATTEMPT_BUDGET: row(
    402,
    (d) =>
      `another attempt of ${d.decisionId} may cost ${d.neededMicrocents} microcents, and the headroom is ${d.headroomMicrocents}`,
    "Grant money or raise the limit; the attempts so far are billed.",
  ),
  CAL_CALL_ATTEMPT_INVALID: row(
    409,
    (d) => `the attempt of ${d.decisionId} ${d.problem}`,
    "Report each attempt once: begin it before it is sent, and end it before the call.",
  ),
  CAL_CALL_COST_UNKNOWN: row(
    409,
    (d) => `${d.decisionId} cannot be settled: the cost of attempt ${d.attempts} is not known`,
    "Hold the call; its reconciliation states the total.",
  ),
  CAL_CALL_ENDED: row(
    409,
    (d) => `the call ${d.decisionId} has ended; it is ${d.state.replace("_", " ")}`,
    "Correct its cost with `calybris ledger correct`, if it was another.",
  ),
};
