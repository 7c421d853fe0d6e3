/**
 * Maps finish reasons between dialects. Each reason has one counterpart; no reason falls back to `stop`, which means that
 * the model had nothing to add.
 * @module
 */

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";
export type StopReason = "end_turn" | "max_tokens" | "tool_use" | "refusal";

const FINISH: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
]);

const STOP: ReadonlyMap<string, StopReason> = new Map([
  ["stop", "end_turn"],
  ["length", "max_tokens"],
  ["tool_calls", "tool_use"],
  ["content_filter", "refusal"],
]);

/** Google's reasons, by the types of @google/genai 3.3.0. An answer with a tool call ends with `STOP` too. */
const GEMINI_FINISH: ReadonlyMap<string, FinishReason> = new Map([
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
  ["CONTINUATION", "length"],
  ["SAFETY", "content_filter"],
  ["RECITATION", "content_filter"],
  ["LANGUAGE", "content_filter"],
  ["BLOCKLIST", "content_filter"],
  ["PROHIBITED_CONTENT", "content_filter"],
  ["SPII", "content_filter"],
  ["MODEL_ARMOR", "content_filter"],
  ["IMAGE_SAFETY", "content_filter"],
  ["IMAGE_PROHIBITED_CONTENT", "content_filter"],
  ["IMAGE_RECITATION", "content_filter"],
]);

/** Reasons that mean that the model failed and its output is unusable. */
const GEMINI_FAILURES: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "MISSING_THOUGHT_SIGNATURE",
  "MALFORMED_RESPONSE",
  "NO_IMAGE",
  "IMAGE_OTHER",
]);

const INCOMPLETE: ReadonlyMap<string, FinishReason> = new Map([
  ["max_output_tokens", "length"],
  ["content_filter", "content_filter"],
]);

/** Reasons of unfinished answers, which a client of another dialect cannot continue. */
const UNFINISHED: ReadonlySet<string> = new Set(["pause_turn", "compaction", "function_call"]);

export interface ReasonReading<Reason> {
  readonly reason: Reason;
  /** Whether it was unknown. It is then reported as a limit, because the answer may be incomplete. */
  readonly isUnknown: boolean;
}

/** `undefined` if OpenAI's dialect cannot express the answer. */
export function finishReasonOf(stopReason: string): ReasonReading<FinishReason> | undefined {
  return UNFINISHED.has(stopReason) ? undefined : reading(FINISH.get(stopReason), "length");
}

/** `undefined` if Anthropic's dialect cannot express the answer. */
export function stopReasonOf(finishReason: string): ReasonReading<StopReason> | undefined {
  return UNFINISHED.has(finishReason) ? undefined : reading(STOP.get(finishReason), "max_tokens");
}

/** `undefined` if the answer is unusable. */
export function finishReasonOfGemini(finishReason: string, hasCalls: boolean): ReasonReading<FinishReason> | undefined {
  if (GEMINI_FAILURES.has(finishReason)) return undefined;
  const read = reading<FinishReason>(GEMINI_FINISH.get(finishReason), "length");
  return read.reason === "stop" && hasCalls ? { ...read, reason: "tool_calls" } : read;
}

/**
 * The finish reason of an OpenAI response, whose status does not tell whether it has calls.
 *
 * @param reason - of `incomplete_details`; empty if absent.
 * @returns `undefined` if it is not an answer.
 */
export function finishReasonOfResponse(
  status: string,
  reason: string,
  hasCalls: boolean,
): ReasonReading<FinishReason> | undefined {
  if (status === "completed") return { reason: hasCalls ? "tool_calls" : "stop", isUnknown: false };
  return status === "incomplete" ? reading<FinishReason>(INCOMPLETE.get(reason), "length") : undefined;
}

function reading<Reason>(known: Reason | undefined, otherwise: Reason): ReasonReading<Reason> {
  return { reason: known ?? otherwise, isUnknown: known === undefined };
}
