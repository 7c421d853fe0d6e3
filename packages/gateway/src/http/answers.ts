/**
 * How answers are written: JSON with the integers of the API, errors from the one table, and the headers of every answer.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { CalybrisError, type ErrorCode } from "@calybris/kernel";

/** JSON in which what may pass 2^53 is a decimal string. */
export function apiJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? member.toString() : member));
}

/** The body of an error: what a program switches on, what a person reads, and what to do. */
export function errorJson({ code, message, remedy, details }: CalybrisError): string {
  return apiJson({ error: { code, message, remedy, details } });
}

/** An error as one of the table; what is none of ours is a bug, told by a number that the log has too. */
export function asCoded(error: unknown): CalybrisError {
  if (error instanceof CalybrisError) return error;
  return new CalybrisError("CAL_GATEWAY_BUG", { incident: randomUUID() }, { cause: error });
}

/** Seconds after which it is worth trying again, by code. */
const RETRY_SECONDS: { readonly [Code in ErrorCode]?: number } = Object.freeze({
  CAL_JOURNAL_OVERLOADED: 1,
  CAL_GATEWAY_STOPPING: 5,
});

/** Headers that an error has beside those of every answer. */
export function errorHeaders(error: CalybrisError): readonly string[] {
  const seconds =
    "retryAfterSeconds" in error.details ? Number(error.details.retryAfterSeconds) : RETRY_SECONDS[error.code];
  const headers = seconds === undefined ? [] : ["retry-after", String(seconds)];
  if (error.status === 401) headers.push("www-authenticate", 'Bearer realm="calybris"');
  if (error.code === "CAL_GATEWAY_METHOD")
    headers.push("allow", (error as CalybrisError<"CAL_GATEWAY_METHOD">).details.allowed.join(", "));
  return headers;
}

const JSON_TYPE = "application/json";

/** Writes a whole answer at once. */
export function send(
  response: ServerResponse,
  status: number,
  text: string,
  contentType: string = JSON_TYPE,
  headers?: readonly string[],
): void {
  const head = [
    "content-type",
    contentType,
    "content-length",
    String(Buffer.byteLength(text)),
    "cache-control",
    "no-store",
    "x-content-type-options",
    "nosniff",
  ];
  if (headers !== undefined) head.push(...headers);
  response.writeHead(status, head);
  response.end(text);
}
