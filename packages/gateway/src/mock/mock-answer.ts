/**
 * Sends the answer of one call, with the requested faults, and bills each part before it is sent.
 * @module
 */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { AnswerDialect } from "../wire/dialect.ts";
import { errorAnswer } from "../wire/error-bodies.ts";
import { familyOf } from "../wire/provider-errors.ts";
import { streamError } from "../wire/stream-endings.ts";
import type { Json } from "../wire/stream-sights.ts";
import type { OpenBill } from "./bill.ts";
import { chatAnswer, chatEvents, embeddingAnswer } from "./chat-answer.ts";
import type { MockFaults } from "./faults.ts";
import { geminiAnswer, geminiError, geminiEvents } from "./gemini-answer.ts";
import { messageAnswer, messageEvents } from "./message-answer.ts";
import type { MockCall, MockEvent, MockIdentity } from "./mock-call.ts";
import { dueMs, type MockPace, pause } from "./pace.ts";
import { responseAnswer, responseEvents } from "./response-answer.ts";

export interface AnsweredCall {
  readonly call: MockCall;
  readonly faults: MockFaults;
  readonly identity: MockIdentity;
  readonly pace: MockPace;
  readonly bill: OpenBill;
  readonly response: ServerResponse;
  /** Aborted when the client disconnects. */
  readonly left: AbortSignal;
}

/** Rejects if the client disconnects before the end. */
export async function sendAnswer(answered: AnsweredCall): Promise<void> {
  const { call, faults, identity, pace, bill, response, left } = answered;
  await pause(faults.latency ?? pace.latencyMs, left);
  if (faults.redirect !== undefined) {
    response.writeHead(307, { location: faults.redirect }).end();
    return;
  }
  if (faults.status !== undefined) {
    sendError(response, call.dialect, faults, identity, faults.status);
    return;
  }
  if (faults.reset === "before-head" || faults.stall === "before-head") {
    // The work was done although the answer is never delivered.
    bill.bill(call.counts);
    if (faults.reset === undefined) await forever(left);
    response.socket?.resetAndDestroy();
    return;
  }
  await (call.isStreamed ? sendStream(answered) : sendWhole(answered));
}

export function sendError(
  response: ServerResponse,
  dialect: AnswerDialect,
  { type, code, "retry-after": retryAfter, "retry-after-ms": retryAfterMs }: MockFaults,
  { requestId }: MockIdentity,
  status: number,
  message = `The mock provider was asked for ${status}.`,
): void {
  if (dialect === "gemini") {
    const body = JSON.stringify(geminiError(status, message, type, retryAfter));
    response.writeHead(status, ["content-type", "application/json; charset=UTF-8"]).end(body);
    return;
  }
  const answer = errorAnswer(
    familyOf(dialect),
    {
      status,
      message,
      ...(type === undefined ? {} : { type }),
      ...(code === undefined ? {} : { code }),
      headers: [
        ...(retryAfter === undefined ? [] : ["retry-after", String(retryAfter)]),
        ...(retryAfterMs === undefined ? [] : ["retry-after-ms", String(retryAfterMs)]),
      ],
    },
    requestId,
  );
  response.writeHead(status, ["content-type", answer.contentType, ...answer.headers]).end(answer.text);
}

const WHOLE: { readonly [Dialect in AnswerDialect]: (call: MockCall, identity: MockIdentity) => Json } = {
  "openai-chat": chatAnswer,
  "openai-responses": responseAnswer,
  "openai-embeddings": embeddingAnswer,
  "anthropic-messages": messageAnswer,
  gemini: geminiAnswer,
};

const STREAMED: {
  readonly [Dialect in AnswerDialect]: (call: MockCall, identity: MockIdentity) => readonly MockEvent[];
} = {
  "openai-chat": chatEvents,
  "openai-responses": responseEvents,
  "openai-embeddings": () => [],
  "anthropic-messages": messageEvents,
  gemini: geminiEvents,
};

async function sendWhole(answered: AnsweredCall): Promise<void> {
  const { call, faults, identity, pace, bill, response, left } = answered;
  const { outputTokens } = call.counts;
  await pause(
    (faults["first-token"] ?? 0) + (faults.slow ?? 0) * outputTokens + dueMs(pace, outputTokens, call.random(501)),
    left,
  );
  bill.bill(call.counts);
  const text = JSON.stringify(WHOLE[call.dialect](call, identity));
  const plain = Buffer.from(faults.malformed === true ? text.slice(0, -1) : text);
  const bytes = faults.encoding === undefined ? plain : gzipSync(plain);
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": bytes.byteLength,
    ...(faults.encoding === undefined ? {} : { "content-encoding": faults.encoding }),
    ...idHeaders(call.dialect, identity),
  });
  const isBroken = faults.cut !== undefined || faults.reset !== undefined || faults.stall !== undefined;
  if (!isBroken) response.end(bytes);
  else await breakOff(answered, bytes.subarray(0, bytes.byteLength >> 1));
}

async function sendStream(answered: AnsweredCall): Promise<void> {
  const { call, faults, identity, pace, bill, response, left } = answered;
  const { dialect } = call;
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    ...idHeaders(dialect, identity),
  });
  if (faults["first-event-error"] === true) {
    response.end(errorEvent(call, faults));
    return;
  }
  const begunMs = performance.now();
  const draw = call.random(501);
  bill.bill({ ...call.counts, outputTokens: 0, reasoningTokens: 0 });
  response.flushHeaders();
  await pause(faults["first-token"] ?? 0, left);
  for (const [index, event] of sentEvents(call, faults, identity).entries()) {
    if (index > 0) await pause(faults.slow ?? 0, left);
    await pause(dueMs(pace, event.outputTokens, draw) - (performance.now() - begunMs), left);
    const { outputTokens } = event;
    bill.bill({ ...call.counts, outputTokens, reasoningTokens: Math.min(call.counts.reasoningTokens, outputTokens) });
    if (!response.write(event.text)) await once(response, "drain", { signal: left });
  }
  if (faults["error-event"] === true) response.end(errorEvent(call, faults));
  else if (faults.cut !== undefined || faults.reset === "stream" || faults.stall === "stream")
    await breakOff(answered, Buffer.alloc(0));
  else response.end();
}

/** The events to send; faults drop some. */
function sentEvents(call: MockCall, faults: MockFaults, identity: MockIdentity): readonly MockEvent[] {
  const events = STREAMED[call.dialect](call, identity);
  if (faults.cut === "after-usage") return events.filter(({ stage }) => stage !== "end");
  const first = events.findIndex(({ stage }) => stage === "piece");
  const half = first + ((events.findLastIndex(({ stage }) => stage === "piece") + 1 - first) >> 1);
  const isHalved =
    faults.cut !== undefined ||
    faults["error-event"] === true ||
    faults.reset === "stream" ||
    faults.stall === "stream";
  if (isHalved) return events.slice(0, half);
  if (faults.malformed !== true) return events;
  return events.map((event, at) =>
    at === half ? { ...event, text: event.text.replace(/.(?=\r?\n\r?\n$)/, "") } : event,
  );
}

/** Breaks a connection off as the fault requests, after the bytes so far have been sent. */
async function breakOff({ faults, response, left }: AnsweredCall, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => response.write(bytes.byteLength === 0 ? ": \n\n" : bytes, () => resolve()));
  if (faults.stall !== undefined) await forever(left);
  if (faults.reset === undefined) response.destroy();
  else response.socket?.resetAndDestroy();
}

function errorEvent({ dialect }: MockCall, { type, code }: MockFaults): string {
  if (dialect === "gemini") return `data: ${JSON.stringify(geminiError(GEMINI_ERROR, ASKED_ERROR, type))}\r\n\r\n`;
  const isAnthropic = familyOf(dialect) === "anthropic";
  return streamError(dialect, {
    type: type ?? (isAnthropic ? "overloaded_error" : "server_error"),
    code: code ?? "server_error",
    message: ASKED_ERROR,
  });
}

const ASKED_ERROR = "The mock provider was asked for an error.";
const GEMINI_ERROR = 503;

function idHeaders(dialect: AnswerDialect, { requestId }: MockIdentity): { readonly [name: string]: string } {
  if (dialect === "gemini") return {};
  return { [familyOf(dialect) === "anthropic" ? "request-id" : "x-request-id"]: requestId };
}

/** Waits until the client disconnects. */
async function forever(left: AbortSignal): Promise<never> {
  left.throwIfAborted();
  await once(left, "abort");
  throw left.reason;
}
