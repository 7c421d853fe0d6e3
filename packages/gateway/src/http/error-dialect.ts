/**
 * Rendering of errors. A route's dialect turns a coded error into an answer. This file has the decision API's dialect, and
 * the JSON encoding of all answers.
 * @module
 */
import { randomUUID } from "node:crypto";
import { CalybrisError, type Mistake } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";

export const JSON_TYPE = "application/json";

/** JSON in which integers that may exceed 2^53 are decimal strings. */
export function apiJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? member.toString() : member));
}

export interface ErrorAnswer {
  readonly status: number;
  readonly text: string;
  readonly contentType: string;
  /** Names and values alternating. */
  readonly headers: readonly string[];
}

/** Renders an error for the clients of a route. */
export type ErrorDialect = (error: CalybrisError) => ErrorAnswer;

/** The dialect of the decision API: `{"error":{code, message, remedy, details}}`. */
export const calybrisDialect: ErrorDialect = (error) => ({
  status: error.status,
  text: errorJson(error),
  contentType: JSON_TYPE,
  headers: errorHeaders(error),
});

const MESSAGE_CHARACTERS_MAX = 1_000;
const DETAIL_CHARACTERS_MAX = 500;
const MISTAKES_MAX = 100;
/** Maximum length of all mistakes together, so that the answer to an invalid request stays short. */
const MISTAKES_CHARACTERS_MAX = 16_384;

/** @param mistakesMax - maximum number of mistakes shown; the total is added if there are more. */
export function errorJson(error: CalybrisError, mistakesMax: number = MISTAKES_MAX): string {
  const { code, message, remedy } = error;
  const { mistakes, ...others } = error.details as { readonly mistakes?: readonly Mistake[] };
  const details = Object.fromEntries(
    Object.entries(others).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === "string" ? shortened(value, DETAIL_CHARACTERS_MAX) : value,
    ]),
  );
  return apiJson({
    error: {
      code,
      message: shortened(message, MESSAGE_CHARACTERS_MAX),
      remedy,
      details: mistakes === undefined ? details : { ...details, ...shownMistakes(mistakes, mistakesMax) },
    },
  });
}

function shownMistakes(mistakes: readonly Mistake[], mistakesMax: number): object {
  const shown: Mistake[] = [];
  let characters = 0;
  for (const mistake of mistakes.slice(0, mistakesMax)) {
    const { path, problem, remedy } = mistake;
    const short = {
      ...mistake,
      path: shortened(path, DETAIL_CHARACTERS_MAX),
      problem: shortened(problem, DETAIL_CHARACTERS_MAX),
      remedy: shortened(remedy, DETAIL_CHARACTERS_MAX),
    };
    characters += short.path.length + short.problem.length + short.remedy.length;
    if (shown.length > 0 && characters > MISTAKES_CHARACTERS_MAX) break;
    shown.push(short);
  }
  return mistakes.length > shown.length ? { mistakes: shown, mistakeCount: mistakes.length } : { mistakes: shown };
}

function shortened(text: string, charactersMax: number): string {
  return text.length > charactersMax ? `${text.slice(0, charactersMax).toWellFormed()}…` : text;
}

/** Returns a coded error unchanged. Any other error is a bug, reported with an incident number that is also in the log. */
export function asCoded(error: unknown): CalybrisError {
  if (error instanceof CalybrisError) return error;
  return new GatewayError("CAL_GATEWAY_BUG", { incident: randomUUID() }, { cause: error });
}

/** Seconds after which a retry is worthwhile, by code. */
const RETRY_SECONDS: ReadonlyMap<string, number> = new Map([
  ["CAL_JOURNAL_OVERLOADED", 1],
  ["CAL_GATEWAY_OVERLOADED", 1],
  ["CAL_GATEWAY_PROVIDER_UNAVAILABLE", 5],
  ["CAL_GATEWAY_STOPPING", 5],
]);

export function errorHeaders(error: CalybrisError): readonly string[] {
  const details = error.details as {
    readonly retryAfterSeconds?: number;
    readonly allowed?: readonly string[];
    readonly decisionId?: string;
  };
  const seconds = details.retryAfterSeconds ?? RETRY_SECONDS.get(error.code);
  const headers = seconds === undefined ? [] : ["retry-after", String(seconds)];
  if (error.status === 401) headers.push("www-authenticate", 'Bearer realm="calybris"');
  // The client can look up the cost of a decided call by this ID.
  if (details.decisionId !== undefined) headers.push("x-calybris-decision", details.decisionId);
  if (details.allowed !== undefined) headers.push("allow", details.allowed.join(", "));
  return headers;
}
