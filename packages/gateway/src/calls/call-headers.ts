/**
 * Headers that the gateway adds to answers, and the errors for refused calls.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { Call } from "@calybris/engine";
import { type ErrorAnswer, type ErrorDialect, errorHeaders } from "../http/error-dialect.ts";
import type { Reply } from "../http/route-contract.ts";
import type { CallCost } from "../prices/call-cost.ts";
import type { UsageRecord } from "../usage/usage-record.ts";
import type { WireDialect } from "../wire/dialect.ts";
import type { ErrorFamily } from "../wire/error-bodies.ts";
import { familyOf } from "../wire/provider-errors.ts";
import { codedAnswer, type RefusalKind, refusalAnswer, type RefusalSettings } from "../wire/refusals.ts";

const MICROCENT_DIGITS = 8;

/** An exact amount in dollars: `0.00012345`. */
export function dollarsText(microcents: bigint): string {
  const digits = (microcents < 0n ? -microcents : microcents).toString().padStart(MICROCENT_DIGITS + 1, "0");
  return `${microcents < 0n ? "-" : ""}${digits.slice(0, -MICROCENT_DIGITS)}.${digits.slice(-MICROCENT_DIGITS)}`;
}

export interface DecisionHeaderValues {
  /** The candidate that runs. */
  readonly ran: string;
  /** The model as the client named it. */
  readonly asked: string;
  /** Whether the gateway's output limit replaces the client's. */
  readonly isLimitWritten: boolean;
}

export function decisionHeaders(call: Call, { ran, asked, isLimitWritten }: DecisionHeaderValues): string[] {
  const headers = ["x-calybris-decision", call.decisionId, "x-calybris-model", ascii(ran)];
  headers.push("x-calybris-requested-model", ascii(asked));
  if (isLimitWritten || call.isOutputLowered)
    headers.push("x-calybris-output-tokens-max", String(call.outputTokensMax));
  return headers;
}

/** Adds the headers of an answer whose cost is known before its head is sent. */
export function addCostHeaders(
  headers: string[],
  call: Pick<Call, "headroomMicrocents">,
  cost: CallCost | undefined,
  usage: UsageRecord | undefined,
): void {
  const { headroomMicrocents } = call;
  if (headroomMicrocents !== undefined) headers.push("x-calybris-budget-left", dollarsText(headroomMicrocents));
  if (cost === undefined || usage === undefined) return;
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens } = usage;
  headers.push("x-calybris-cost", dollarsText(cost.costMicrocents));
  if (cost.unknown.length > 0) headers.push("x-calybris-cost-unknown", cost.unknown.map(ascii).join(", "));
  headers.push("x-calybris-input-tokens", String(inputTokens), "x-calybris-output-tokens", String(outputTokens));
  headers.push("x-calybris-cache-read-tokens", String(cacheReadTokens));
  headers.push("x-calybris-cache-write-tokens", String(cacheWriteTokens + cacheWrite1hTokens));
}

/** A name as visible ASCII, for a header. Names come from clients and policies. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 256);
}

export function newRequestId(): string {
  return `req_${randomUUID().replaceAll("-", "")}`;
}

export function replyOf({ status, text, contentType, headers }: ErrorAnswer, more: readonly string[] = []): Reply {
  return { status, body: text, contentType, headers: [...headers, ...more] };
}

/** Renders the gateway's own errors in the dialect of an API family. */
export function callDialect(family: ErrorFamily): ErrorDialect {
  return (error) => codedAnswer(family, error, newRequestId(), errorHeaders(error));
}

export interface RejectedCall {
  readonly reason: string;
  readonly decisionId: string;
  readonly model: string;
  readonly headroomMicrocents: bigint | undefined;
}

export function rejectionReply(
  dialect: WireDialect,
  { reason, decisionId, model, headroomMicrocents }: RejectedCall,
  settings: RefusalSettings,
): Reply {
  // Without enough budget, the kernel decides again within the headroom, and names the gate that most candidates then
  // failed.
  const kind: RefusalKind = reason === "budget" || headroomMicrocents !== undefined ? "budget" : "policy";
  const headroom = headroomMicrocents === undefined ? "" : `: $${dollarsText(headroomMicrocents)} are left`;
  const message =
    kind === "budget"
      ? `The budget does not cover this call of ${model}${headroom} (decision ${decisionId}).`
      : `The policy refuses this call of ${model}: ${reason} (decision ${decisionId}).`;
  const refusal = { kind, message, reason: kind === "budget" ? kind : reason };
  const answer = refusalAnswer(familyOf(dialect), refusal, newRequestId(), settings);
  return replyOf(answer, ["x-calybris-decision", decisionId]);
}
