/**
 * A call to a provider that has no answer, or no end of one. For the money one thing counts: whether the provider may have got
 * the request, and so may bill it.
 * @module
 */
import type { Deadline } from "./call-deadlines.ts";

export type FailureKind = "connect" | "reset" | "left" | "too-large" | `timeout-${Deadline}`;

export class UpstreamFailure extends Error {
  readonly kind: FailureKind;
  /** Whether a byte of the request may have left. If not, the call cost nothing, and may be sent again. */
  readonly isSent: boolean;

  /** Without a cause: an error of the HTTP client may hold the headers, and so the key. */
  constructor(kind: FailureKind, isSent: boolean, code = "") {
    super(`the call to the provider failed: ${kind}${code === "" ? "" : ` (${code})`}`);
    this.kind = kind;
    this.isSent = isSent;
  }
}

/** Errors that come before a connection is there. */
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

/** What an error of the HTTP client means. One that is not known may have come after the request was sent. */
export function failureOf(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  const codes = codesOf(error);
  const code = codes[0] ?? "";
  const isUnsent = codes.length > 0 && codes.every((one) => UNSENT_CODES.has(one));
  return isUnsent ? new UpstreamFailure("connect", false, code) : new UpstreamFailure("reset", true, code);
}

/** Where a name has several addresses, each has failed in its own way. */
function codesOf(error: unknown): readonly string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  const { code } = (typeof error === "object" && error !== null ? error : {}) as { readonly code?: unknown };
  return typeof code === "string" ? [code] : [];
}
