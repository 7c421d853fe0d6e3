/**
 * The mock's answers in Google's dialect: thoughts are counted apart from candidates, results of hosted tools apart from the
 * prompt, and every chunk has the cumulative counts.
 * @module
 */
import type { Json } from "../wire/stream-sights.ts";
import { isSigned } from "./gemini-call.ts";
import type { MockCall, MockCounts, MockEvent, MockIdentity } from "./mock-call.ts";
import { tokenPieces } from "./prompt.ts";

/** Google streams several tokens per piece. */
const PIECE_TOKENS = 8;

export function geminiAnswer(call: MockCall, identity: MockIdentity): Json {
  const { counts, safety } = call;
  if (safety === "prompt") return blocked(call, identity);
  return answer(
    call,
    identity,
    [part(call, identity, call.texts[0] ?? "")],
    finishReason(call),
    counts,
    counts.outputTokens,
  );
}

export function geminiEvents(call: MockCall, identity: MockIdentity): readonly MockEvent[] {
  const { counts, safety, tool } = call;
  if (safety === "prompt") return [{ stage: "finish", outputTokens: 0, text: line(blocked(call, identity)) }];
  const text = call.texts[0] ?? "";
  const pieces = tool === undefined ? (text.match(new RegExp(`[\\s\\S]{1,${PIECE_TOKENS * 4}}`, "g")) ?? []) : [text];
  let outputTokens = counts.reasoningTokens;
  const events = pieces.map((piece): MockEvent => {
    outputTokens += tokenPieces(piece).length;
    const said = answer(call, identity, [part(call, identity, piece)], undefined, counts, outputTokens);
    return { stage: "piece", outputTokens, text: line(said) };
  });
  const last = answer(call, identity, [{ text: "" }], finishReason(call), counts, counts.outputTokens);
  return [...events, { stage: "finish", outputTokens: counts.outputTokens, text: line(last) }];
}

function line(value: object): string {
  return `data: ${JSON.stringify(value)}\r\n\r\n`;
}

function answer(
  { model }: MockCall,
  { requestId }: MockIdentity,
  parts: readonly Json[],
  finish: string | undefined,
  counts: MockCounts,
  outputTokens: number,
): Json {
  const candidate = {
    content: { parts, role: "model" },
    ...(finish === undefined ? {} : { finishReason: finish }),
    index: 0,
  };
  return {
    candidates: [candidate],
    usageMetadata: usage(counts, outputTokens),
    modelVersion: model,
    responseId: requestId,
  };
}

function blocked({ model, counts }: MockCall, { requestId }: MockIdentity): Json {
  return {
    promptFeedback: { blockReason: "PROHIBITED_CONTENT" },
    usageMetadata: usage(counts, 0),
    modelVersion: model,
    responseId: requestId,
  };
}

function part({ tool, model }: MockCall, { requestId }: MockIdentity, text: string): Json {
  if (tool === undefined) return { text };
  const signed = isSigned(model)
    ? { thoughtSignature: Buffer.from(`signature of ${requestId}`).toString("base64") }
    : {};
  return {
    functionCall: { name: tool, args: argumentsOf(text), ...(isSigned(model) ? { id: requestId } : {}) },
    ...signed,
  };
}

/** `undefined` for arguments that the output limit truncated. */
function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function finishReason({ isTruncated, safety }: MockCall): string {
  if (safety === "answer") return "SAFETY";
  return isTruncated ? "MAX_TOKENS" : "STOP";
}

function usage(
  { inputTokens, cacheReadTokens, hostedTokens = 0, reasoningTokens }: MockCounts,
  outputTokens: number,
): Json {
  const thoughts = Math.min(reasoningTokens, outputTokens);
  const prompt = inputTokens - hostedTokens;
  return {
    promptTokenCount: prompt,
    ...(cacheReadTokens === 0 ? {} : { cachedContentTokenCount: cacheReadTokens }),
    candidatesTokenCount: outputTokens - thoughts,
    ...(thoughts === 0 ? {} : { thoughtsTokenCount: thoughts }),
    ...(hostedTokens === 0 ? {} : { toolUsePromptTokenCount: hostedTokens }),
    totalTokenCount: inputTokens + outputTokens,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: prompt }],
    serviceTier: "standard",
  };
}

const STATUSES: ReadonlyMap<number, string> = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [429, "RESOURCE_EXHAUSTED"],
  [500, "INTERNAL"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/** @param waitSeconds - the retry delay, which Google sends in the body, not in a header. */
export function geminiError(status: number, message: string, type?: string, waitSeconds?: number): Json {
  const info = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${waitSeconds}s` };
  const details = waitSeconds === undefined ? {} : { details: [info] };
  return { error: { code: status, message, status: type ?? STATUSES.get(status) ?? "UNKNOWN", ...details } };
}
