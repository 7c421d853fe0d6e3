/**
 * How answers are written: JSON with the integers of the API, errors from the one table, and the headers of every answer.
 * @module
 */
import { randomUUID } from "node:crypto";
import { CalybrisError, type ErrorCode, type Mistake } from "@calybris/kernel";

/** JSON in which what may pass 2^53 is a decimal string. */
export function apiJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? member.toString() : member));
}

const MESSAGE_CHARACTERS_MAX = 2_000;
const MISTAKES_MAX = 100;
const MISTAKE_CHARACTERS_MAX = 500;

/**
 * The body of an error: what a program switches on, what a person reads, and what to do. However much was wrong, it is
 * no longer than a person would read.
 */
export function errorJson({ code, message, remedy, details }: CalybrisError): string {
  const mistakes = "mistakes" in details ? (details.mistakes as readonly Mistake[]) : undefined;
  return apiJson({
    error: {
      code,
      message: shortened(message, MESSAGE_CHARACTERS_MAX),
      remedy,
      details: mistakes === undefined ? details : { ...details, ...shownMistakes(mistakes) },
    },
  });
}

function shownMistakes(mistakes: readonly Mistake[]): object {
  const shown = mistakes.slice(0, MISTAKES_MAX).map(({ path, problem, remedy, line }) => ({
    path: shortened(path, MISTAKE_CHARACTERS_MAX),
    problem: shortened(problem, MISTAKE_CHARACTERS_MAX),
    remedy: shortened(remedy, MISTAKE_CHARACTERS_MAX),
    ...(line === undefined ? {} : { line }),
  }));
  return mistakes.length > MISTAKES_MAX ? { mistakes: shown, mistakeCount: mistakes.length } : { mistakes: shown };
}

function shortened(text: string, charactersMax: number): string {
  return text.length > charactersMax ? `${text.slice(0, charactersMax).toWellFormed()}…` : text;
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

export const JSON_TYPE = "application/json";
