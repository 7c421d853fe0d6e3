/**
 * How the gateway says no: a budget, a policy, an error of its own. A refusal must cost one call, and each client repeats
 * what it does not understand: the official SDKs by status, unless a header says otherwise; Codex whatever is not 429 or 400.
 * @module
 */
import type { CalybrisError, Mistake } from "@calybris/kernel";
import type { ErrorAnswer } from "../http/error-dialect.ts";
import { type ErrorFamily, errorAnswer, type WireError } from "./error-bodies.ts";

/** `budget`: there is no money for the call. `policy`: nothing that may run was good enough, or it is not allowed. */
export type RefusalKind = "budget" | "policy";

export interface Refusal {
  readonly kind: RefusalKind;
  /** The reason first: some clients show only the beginning, behind words of their own. */
  readonly message: string;
  /** The decision's reason, as `budget` or `quality`. */
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

/** Codex repeats 402, 403, 404 and 5xx five times and reads no header; 429 and 400 end at once. */
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

/** Statuses that a later try may change; every other error of ours would be the same again. */
const RETRYABLE = new Set([408, 429, 500, 502, 503]);

/** A coded error in the dialect. The field at fault is named where there is one. */
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

/** Statuses that no SDK of the two has an exception for, and what comes nearest. */
const STATUSES: ReadonlyMap<number, number> = new Map([
  [405, 404],
  [415, 400],
  [417, 400],
  [431, 400],
]);
