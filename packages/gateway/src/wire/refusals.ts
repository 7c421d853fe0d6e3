/**
 * Refusals of the gateway: by budget, by policy, or by an error. A refusal should end the client's attempts, but each client
 * retries by its own rules: the official SDKs by status, unless a header overrides it; Codex everything except 429 and 400.
 * @module
 */
import type { CalybrisError, Mistake } from "@calybris/kernel";
import type { ErrorAnswer } from "../http/error-dialect.ts";
import { type ErrorFamily, errorAnswer, type WireError } from "./error-bodies.ts";

/** `budget`: there is not enough money for the call. `policy`: no candidate is eligible, or the call is not allowed. */
export type RefusalKind = "budget" | "policy";

export interface Refusal {
  readonly kind: RefusalKind;
  /** Begins with the reason, because some clients show only the beginning, after their own text. */
  readonly message: string;
  /** The decision's reason, such as `budget` or `quality`. */
  readonly reason: string;
}

/** The refusal in a client's dialect. */
export interface RefusalWords {
  readonly status: number;
  readonly type?: string;
  readonly code?: string;
}

export type RefusalSettings = { readonly [Kind in RefusalKind]: RefusalWords };

export const REFUSALS: RefusalSettings = { budget: { status: 402 }, policy: { status: 403 } };

/** Codex retries 402, 403, 404 and 5xx five times and ignores headers; it does not retry 429 and 400. */
export const CODEX_REFUSALS: RefusalSettings = {
  budget: { status: 429, type: "insufficient_quota", code: "insufficient_quota" },
  policy: { status: 400, type: "invalid_request_error", code: "invalid_prompt" },
};

/** Whether a request comes from Codex, by its `originator` header. */
export function isCodex(originator: string | undefined): boolean {
  return originator?.startsWith("codex_") === true;
}

export function refusalAnswer(
  family: ErrorFamily,
  { kind, message, reason }: Refusal,
  requestId: string,
  settings: RefusalSettings = REFUSALS,
): ErrorAnswer {
  const { status, type, code = reason } = settings[kind];
  const error: WireError = { status, message, code, isRetryable: false, ...(type === undefined ? {} : { type }) };
  return errorAnswer(family, error, requestId);
}

/** Statuses of errors that a retry may resolve; all other errors of the gateway would repeat. */
const RETRYABLE = new Set([408, 429, 500, 502, 503]);

/** A coded error in the dialect, with the field at fault if there is one. */
export function codedAnswer(
  family: ErrorFamily,
  error: CalybrisError,
  requestId: string,
  headers: readonly string[] = [],
): ErrorAnswer {
  const { mistakes } = error.details as { readonly mistakes?: readonly Mistake[] };
  const status = STATUSES.get(error.status) ?? error.status;
  const wire: WireError = {
    status,
    message: `${error.message}. ${error.remedy}`,
    code: error.code,
    param: mistakes?.[0]?.path ?? null,
    headers,
    ...(RETRYABLE.has(status) ? {} : { isRetryable: false }),
  };
  return errorAnswer(family, wire, requestId);
}

/** Statuses for which neither SDK has an exception, with the closest one that has. */
const STATUSES: ReadonlyMap<number, number> = new Map([
  [405, 404],
  [415, 400],
  [417, 400],
  [431, 400],
]);
