/**
 * A call to a provider without an answer, or without the end of one. Its cost depends only on whether the provider may have
 * received the request, and so may bill it.
 * @module
 */
import type { Deadline } from "./call-deadlines.ts";

export type FailureKind = "connect" | "reset" | "left" | "too-large" | `timeout-${Deadline}`;

export class UpstreamFailure extends Error {
  readonly kind: FailureKind;
  /** Whether a byte of the request may have been sent. If not, the call cost nothing, and may be retried. */
  readonly isSent: boolean;

  /** Has no `cause`: an error of the HTTP client may contain the headers, and so the key. */
  constructor(kind: FailureKind, isSent: boolean, code = "") {
    super(`the call to the provider failed: ${kind}${code === "" ? "" : ` (${code})`}`);
    this.kind = kind;
    this.isSent = isSent;
  }
}

/** Codes of errors that occur before a connection is established. */
const UNSENT_CODES = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);

/** Converts an error of the HTTP client. An unknown error counts as one that occurred after the request was sent. */
export function failureOf(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  const codes = codesOf(error);
  const code = codes[0] ?? "";
  const isUnsent = codes.length > 0 && codes.every((one) => UNSENT_CODES.has(one));
  return isUnsent ? new UpstreamFailure("connect", false, code) : new UpstreamFailure("reset", true, code);
}

/** The codes of an error; several if a name has several addresses and each failed. */
function codesOf(error: unknown): readonly string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  const { code } = (typeof error === "object" && error !== null ? error : {}) as { readonly code?: unknown };
  return typeof code === "string" ? [code] : [];
}
