/**
 * Passes a provider's errors to a client. Errors that the client caused pass unchanged; errors of the operator's account do
 * not concern the client, and are replaced.
 * @module
 */
import type { ErrorAnswer } from "../http/error-dialect.ts";
import type { AnswerDialect } from "./dialect.ts";
import { type ErrorFamily, errorAnswer, errorType } from "./error-bodies.ts";
import { RESPONSE_HEADERS, listedHeaders } from "./header-lists.ts";
import { asList, asObject, type Json } from "./stream-sights.ts";

export interface ProviderAnswer {
  readonly status: number;
  /** Names and values alternate. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** The party at fault. It determines whether the call is retried, a breaker opens, and what the client sees. */
export type ErrorFault = "operator" | "caller" | "rate" | "provider";

/** OpenAI's codes for an account that cannot pay, all with type `insufficient_quota`. */
const ACCOUNT_CODES = new Set([
  "insufficient_quota",
  "credit_balance_exhausted",
  "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded",
  "organization_usage_limit_exceeded",
  "billing_error",
  "billing_hard_limit_reached",
]);

export function familyOf(dialect: AnswerDialect): ErrorFamily {
  return dialect === "anthropic-messages" ? "anthropic" : "openai";
}

/** The contents of an error in any provider's format. */
export function readProviderError(json: unknown): {
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
} {
  const outer = asObject(Array.isArray(json) ? json[0] : json) ?? {};
  const error = asObject(outer["error"]) ?? outer;
  const text = (name: string): string => (typeof error[name] === "string" ? error[name] : "");
  return {
    type: text("type") || text("status"),
    code: text("code"),
    message: text("message") || text("detail") || (typeof outer["error"] === "string" ? outer["error"] : ""),
    param: text("param") || null,
  };
}

/** The details of a Google error, which hold what other providers put into the type or a header. */
function detailsOf(json: unknown): readonly Json[] {
  const outer = asObject(Array.isArray(json) ? json[0] : json) ?? {};
  return asList(asObject(outer["error"])?.["details"]).map((one) => asObject(one) ?? {});
}

/** The retry delay of a Google error; 0 if it has none. */
export function retryDelayMs(json: unknown): number {
  const delays = detailsOf(json).map(({ retryDelay }) => /^(\d{1,9}(?:\.\d+)?)s$/.exec(String(retryDelay))?.[1]);
  return Math.ceil(Math.max(0, ...delays.map((seconds) => Number(seconds ?? 0))) * 1_000);
}

/** Google answers 400 for an invalid or expired key, and for an account without billing. */
function isGoogleAccount(type: string, json: unknown): boolean {
  return type === "FAILED_PRECONDITION" || detailsOf(json).some(({ reason }) => /^API_KEY_/.test(String(reason)));
}

export function faultOf(status: number, json: unknown): ErrorFault {
  const { type, code, message } = readProviderError(json);
  // Anthropic reports this with status 400 and only a sentence.
  if (status === 400 && /credit balance is too low|spend limit|usage limits/i.test(message)) return "operator";
  if (status === 400 && isGoogleAccount(type, json)) return "operator";
  if (ACCOUNT_CODES.has(type) || ACCOUNT_CODES.has(code) || status === 401 || status === 402 || status === 403)
    return "operator";
  if (status === 429) return "rate";
  return status < 500 && status !== 408 ? "caller" : "provider";
}

/** The status for an error event that arrived before anything was sent, as if the provider had answered with it. */
export function statusOfStreamError(error: Json): number {
  const { type, code } = readProviderError(error);
  return (
    STREAM_STATUSES.get(type) ?? STREAM_STATUSES.get(code) ?? (typeof error["code"] === "number" ? error["code"] : 500)
  );
}

const STREAM_STATUSES: ReadonlyMap<string, number> = new Map([
  ["invalid_request_error", 400],
  ["invalid_prompt", 400],
  ["authentication_error", 401],
  ["billing_error", 402],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["rate_limit_exceeded", 429],
  ["insufficient_quota", 429],
  ["api_error", 500],
  ["server_error", 500],
  ["timeout_error", 504],
  ["overloaded_error", 529],
]);

/**
 * The answer to a client for a provider's error, after all attempts have failed.
 *
 * Within the same family, it is the provider's bytes. From another family, or if it is not JSON, it is translated to the
 * client's dialect. An error of the operator's account becomes 502: the client's quota is not exhausted, and a retry would
 * not help.
 */
export function passedError(
  answer: ProviderAnswer,
  from: AnswerDialect,
  to: AnswerDialect,
  requestId: string,
): ErrorAnswer {
  const headers = listedHeaders(RESPONSE_HEADERS, answer.headers);
  const text = Buffer.from(answer.body).toString();
  const json = asJson(text);
  const family = familyOf(to);
  if (faultOf(answer.status, json) === "operator") return errorAnswer(family, OPERATOR_FAULT, requestId);
  if (json !== undefined && from !== "gemini" && familyOf(from) === family)
    return { status: answer.status, text, contentType: "application/json", headers: withoutType(headers) };
  const { type, code, message, param } = readProviderError(json);
  const status = family === "openai" && answer.status === 529 ? 503 : answer.status;
  const words = {
    status,
    message: message === "" ? `the provider answered ${answer.status}` : message,
    type: from === "gemini" || type === "" ? errorType(family, status) : type,
    code: code === "" ? null : code,
    param,
    headers: [
      ...withoutType(headers).filter((_part, at, all) => !/^(?:x-)?request-id$/.test(all[at - (at % 2)] ?? "")),
      ...retryHeader(headers, json),
    ],
  };
  return errorAnswer(family, words, requestId);
}

/** A `retry-after` header, which SDKs read, for a delay that is only in the body. */
function retryHeader(headers: readonly string[], json: unknown): readonly string[] {
  const delayMs = retryDelayMs(json);
  return delayMs === 0 || headers.includes("retry-after") ? [] : ["retry-after", String(Math.ceil(delayMs / 1_000))];
}

const OPERATOR_FAULT = {
  status: 502,
  message:
    "The gateway's own account at the provider was refused. Your budget is not the reason; the operator has to act.",
  code: "provider_account",
  isRetryable: false,
};

function withoutType(headers: readonly string[]): readonly string[] {
  return headers.filter((_part, at) => headers[at - (at % 2)] !== "content-type");
}

function asJson(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return asObject(Array.isArray(json) ? json[0] : json);
  } catch {
    return undefined;
  }
}
