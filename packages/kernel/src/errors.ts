/**
 * Operating errors: failures that are not bugs in Calybris. Each has a stable code, an HTTP status, a message and a remedy.
 * `docs/errors.md` is generated from this table.
 *
 * A rejected request is not an error: it is a decision with a reason. A failed invariant is an {@link InvariantViolation}.
 * @module
 */

import { type ErrorRow, inFile, listMistakes, type Mistake, quote, row } from "./error-row.ts";
import { PROOF_ERRORS, type ProofErrorDetails } from "./proof/proof-errors.ts";

export { describeMistake, type ErrorRow, inFile, listMistakes, type Mistake, quote, row } from "./error-row.ts";

/** The details of each code. */
export interface ErrorDetailsByCode extends ProofErrorDetails {
  readonly CAL_POLICY_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_CATALOG_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_REQUEST_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_INPUT_UNREADABLE: { file: string; problem: string };
  readonly CAL_INPUT_MALFORMED: { file: string; line?: number; column?: number; problem: string };
  readonly CAL_JOURNAL_ENTRY_MALFORMED: { sequence: number; problem: string };
  readonly CAL_JOURNAL_MEMBER_UNKNOWN: { sequence: number; kind: string; member: string };
  readonly CAL_JOURNAL_ENTRY_UNSUPPORTED: { sequence: number; what: string };
  readonly CAL_TABLE_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_DATA_MISSING: { set: string; problem: string };
}

export const ERRORS: { readonly [Code in keyof ErrorDetailsByCode]: ErrorRow<ErrorDetailsByCode[Code]> } = {
  CAL_POLICY_INVALID: row(
    400,
    (d) => `the policy${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Fix every field listed; `calybris policy check FILE` lists all of them.",
  ),
  CAL_CATALOG_INVALID: row(
    400,
    (d) => `the catalog${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Fix every field listed; `calybris policy check FILE` lists all of them.",
  ),
  CAL_REQUEST_INVALID: row(
    400,
    (d) => `the request${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Fix every field listed and send the request again; nothing was decided.",
  ),
  CAL_INPUT_UNREADABLE: row(
    400,
    (d) => `${d.file} cannot be read: ${d.problem}`,
    "Check the path and its permissions.",
  ),
  CAL_INPUT_MALFORMED: row(
    400,
    (d) =>
      `${d.file}${d.line === undefined ? "" : `:${d.line}${d.column === undefined ? "" : `:${d.column}`}`} ${d.problem}`,
    "Fix the file at this position; nothing in it was used.",
  ),
  CAL_JOURNAL_ENTRY_MALFORMED: row(
    503,
    (d) => `entry ${d.sequence} cannot be read: ${d.problem}`,
    "Use the version of Calybris that wrote the journal. If it is this one, the entry was altered: restore it from a backup.",
  ),
  CAL_JOURNAL_MEMBER_UNKNOWN: row(
    503,
    (d) => `entry ${d.sequence}, a ${d.kind}, has the unknown member ${d.member}`,
    "Use the program that wrote the journal, or a later version.",
  ),
  CAL_JOURNAL_ENTRY_UNSUPPORTED: row(
    503,
    (d) => `entry ${d.sequence} uses what this version does not support: ${d.what}`,
    "Use the version of Calybris that wrote the journal, or a later one.",
  ),
  CAL_TABLE_INVALID: row(
    400,
    (d) => `the table${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Fix every position listed, in the table or its map; docs/tables.md describes the map.",
  ),
  CAL_DATA_MISSING: row(
    404,
    (d) => `the data set ${quote(d.set)} is not available: ${d.problem}`,
    "Set `CALYBRIS_DATA` to the folder with the data sets, or pass the set's file with `--data`.",
  ),
  ...PROOF_ERRORS,
};

export type ErrorCode = keyof ErrorDetailsByCode;
/** The details of a code in this table; a package with its own table types its own. */
export type ErrorDetails<Code extends string> = Code extends ErrorCode ? ErrorDetailsByCode[Code] : object;

/**
 * An operating error. Switch on `code`, which is stable; show `message` and `remedy`; log `details`. A package with its own
 * table extends this class and passes the row.
 *
 * @example
 * ```ts
 * import { CalybrisError } from "@calybris/kernel";
 * const error = new CalybrisError("CAL_INPUT_UNREADABLE", { file: "policy.json", problem: "it does not exist" });
 * error.status; // 400
 * error.message; // "policy.json cannot be read: it does not exist"
 * ```
 */
export class CalybrisError<Code extends string = string, Details = ErrorDetails<Code>> extends Error {
  override readonly name = "CalybrisError";
  readonly code: Code;
  readonly status: number;
  readonly remedy: string;
  readonly details: Details;

  constructor(code: Code & ErrorCode, details: Details, options?: ErrorOptions);
  constructor(code: Code, details: Details, options: ErrorOptions | undefined, row: ErrorRow<Details>);
  constructor(code: Code, details: Details, options?: ErrorOptions, given?: ErrorRow<Details>) {
    const { status, message, remedy } = given ?? (ERRORS[code as ErrorCode] as ErrorRow<unknown>);
    super(message(details), options);
    this.code = code;
    this.status = status;
    this.remedy = remedy;
    this.details = details;
  }
}
