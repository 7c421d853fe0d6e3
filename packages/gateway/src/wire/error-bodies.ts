/**
 * Errors in the form of the two families of dialects. A client's SDK chooses its exception by the status, and shows the
 * message.
 * @module
 */
import type { ErrorAnswer } from "../http/error-dialect.ts";

export type ErrorFamily = "openai" | "anthropic";

export interface WireError {
  readonly status: number;
  readonly message: string;
  /** The error type. Default: that of the family's own API for this status. */
  readonly type?: string;
  /** OpenAI's `code`, on which programs switch. */
  readonly code?: string | null;
  /** The field at fault. */
  readonly param?: string | null;
  /** Whether a client may retry the call. `undefined` leaves it to the client's rules by status. */
  readonly isRetryable?: boolean;
  /** Further headers: names and values alternate. */
  readonly headers?: readonly string[];
}

/** Both official SDKs read `x-should-retry`, which overrides their rules by status. */
export const RETRY_HEADER = "x-should-retry";

const TYPES: { readonly [Family in ErrorFamily]: ReadonlyMap<number, string> } = {
  openai: new Map([
    [401, "authentication_error"],
    [402, "insufficient_quota"],
    [403, "permission_error"],
    [429, "rate_limit_error"],
  ]),
  anthropic: new Map([
    [401, "authentication_error"],
    [402, "billing_error"],
    [403, "permission_error"],
    [404, "not_found_error"],
    [409, "conflict_error"],
    [413, "request_too_large"],
    [429, "rate_limit_error"],
    [504, "timeout_error"],
    [529, "overloaded_error"],
  ]),
};

/** The error type of a family's API for a status. */
export function errorType(family: ErrorFamily, status: number): string {
  const known = TYPES[family].get(status);
  if (known !== undefined) return known;
  if (status < 500) return "invalid_request_error";
  return family === "openai" ? "server_error" : "api_error";
}

/**
 * @param requestId - of the gateway, as in its log. Anthropic's errors also have it in the body.
 *
 * @example
 * ```ts
 * const { status, text } = errorAnswer("anthropic", { status: 402, message: "no budget" }, "req_1");
 * status; // 402
 * JSON.parse(text).error; // { type: "billing_error", message: "no budget" }
 * ```
 */
export function errorAnswer(family: ErrorFamily, error: WireError, requestId: string): ErrorAnswer {
  const { status, message, type = errorType(family, status), code = null, param = null, isRetryable } = error;
  const body =
    family === "openai"
      ? { error: { message, type, param, code } }
      : { type: "error", error: { type, message }, request_id: requestId };
  const retry = isRetryable === undefined ? [] : [RETRY_HEADER, String(isRetryable)];
  const idHeader = family === "openai" ? "x-request-id" : "request-id";
  return {
    status,
    text: JSON.stringify(body),
    contentType: "application/json",
    headers: [idHeader, requestId, ...retry, ...(error.headers ?? [])],
  };
}
