/**
 * Operating errors: what can go wrong when Calybris itself is right. Each has a stable code, the HTTP status a service
 * answers with, what happened, and what the reader can do about it. `docs/errors.md` is generated from this table, so a
 * code cannot exist without its remedy.
 *
 * A rejected request is not here: it is a decision with a reason. A broken promise of our own is an
 * {@link InvariantViolation}.
 * @module
 */

import { type ErrorRow, inFile, listMistakes, type Mistake, quote, row } from "./error-row.ts";

export { describeMistake, type ErrorRow, inFile, listMistakes, type Mistake, quote, row } from "./error-row.ts";

/** What each code tells beside its message. */
export interface ErrorDetailsByCode {
  readonly CAL_POLICY_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_CATALOG_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_REQUEST_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_REQUEST_ID_REUSED: { requestId: string; sequence: number };
  readonly CAL_INPUT_UNREADABLE: { file: string; problem: string };
  readonly CAL_INPUT_MALFORMED: { file: string; line?: number; column?: number; problem: string };
  readonly CAL_OUTPUT_UNWRITABLE: { file: string; problem: string };
  readonly CAL_REPLAY_STOPPED: { decisions: number; lastLine: number; directory: string };
  readonly CAL_JOURNAL_MISSING: { directory: string };
  readonly CAL_JOURNAL_UNREADABLE: { path: string; problem: string };
  readonly CAL_JOURNAL_LOCKED: { directory: string };
  readonly CAL_JOURNAL_VERSION: { file: string; found: string; expected: string };
  readonly CAL_JOURNAL_CORRUPT: { file: string; sequence: number; byteOffset: number; expected: string; found: string };
  readonly CAL_JOURNAL_FAILED: { unknown: number; problem: string };
  readonly CAL_JOURNAL_OVERLOADED: { waiting: number };
  readonly CAL_JOURNAL_ENTRY_UNKNOWN: { sequence: number };
  readonly CAL_JOURNAL_ENTRY_MALFORMED: { sequence: number; problem: string };
  readonly CAL_JOURNAL_KEY: { file: string; problem: string };
  readonly CAL_ENGINE_POLICY_MISMATCH: { given: string; journal: string };
  readonly CAL_ENGINE_POLICY_REQUIRED: { directory: string };
  readonly CAL_ENGINE_CLOSED: Record<string, never>;
  readonly CAL_ENGINE_STOPPED: { incident: string; claim: string };
  readonly CAL_POLICY_UNKNOWN: { directory: string; policyId: number };
  readonly CAL_CASES_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_BUDGETS_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_LEDGER_INVALID: { mistakes: readonly Mistake[] };
  readonly CAL_LEDGER_TENANT_UNKNOWN: { tenant: string };
  readonly CAL_LEDGER_TENANT_UNMETERED: { tenant: string };
  readonly CAL_LEDGER_ID_REUSED: { id: string; sequence: number };
  readonly CAL_LEDGER_RESERVATION_UNKNOWN: { decisionId: string };
  readonly CAL_LEDGER_RESERVATION_FOREIGN: { decisionId: string; tenant: string };
  readonly CAL_LEDGER_RESERVATION_STATE: {
    decisionId: string;
    operation: string;
    state: string;
    sequence: number;
    actualMicrocents: bigint;
  };
  readonly CAL_LEDGER_OVERFLOW: { tenant: string; field: string };
  readonly CAL_OUTCOME_INVALID: { mistakes: readonly Mistake[] };
  readonly CAL_OUTCOME_UNBOUND: { decisionId: string };
  readonly CAL_OUTCOME_DUPLICATE: { decisionId: string; sequence: number };
  readonly CAL_ENGINE_SEED: { directory: string; problem: string };
  readonly CAL_PRIOR_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_CERTIFICATE_PRIOR: { named: string; inForce: string };
  readonly CAL_TABLE_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_DATA_MISSING: { set: string; problem: string };
  readonly CAL_ARCHIVE_REFUSED: { path: string; problem: string };
}

export const ERRORS: { readonly [Code in keyof ErrorDetailsByCode]: ErrorRow<ErrorDetailsByCode[Code]> } = {
  CAL_POLICY_INVALID: row(
    400,
    (d) => `the policy${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Mend each field named; `calybris policy check FILE` lists them all.",
  ),
  CAL_CATALOG_INVALID: row(
    400,
    (d) => `the catalog${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Mend each field named; `calybris policy check FILE` lists them all.",
  ),
  CAL_REQUEST_INVALID: row(
    400,
    (d) => `the request${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Mend each field named and send it again; nothing was decided.",
  ),
  CAL_REQUEST_ID_REUSED: row(
    409,
    (d) => `request id ${quote(d.requestId)} was decided in entry ${d.sequence} with other content`,
    "Use a new id for a new request; the same id is for sending the same request again.",
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
    "Mend the file at the place named; nothing of it was used.",
  ),
  CAL_OUTPUT_UNWRITABLE: row(
    400,
    (d) => `${d.file} cannot be written: ${d.problem}`,
    "Choose another path, or check its permissions; what stood there was left as it was.",
  ),
  CAL_REPLAY_STOPPED: row(
    409,
    (d) =>
      `the replay was interrupted after ${d.decisions} decisions (all up to line ${d.lastLine}); they are in ${d.directory}`,
    "Run the same command again: it goes on where it stopped. Rows of standard input without a `requestId` are decided again.",
  ),
  CAL_JOURNAL_MISSING: row(
    404,
    (d) => `there is no journal in ${d.directory}`,
    "Check the path; `calybris replay` and the engine create one.",
  ),
  CAL_JOURNAL_UNREADABLE: row(
    503,
    (d) => `the journal cannot be used at ${d.path}: ${d.problem}`,
    "Check that it is a directory which this user may read and write, on a disk with free space.",
  ),
  CAL_JOURNAL_LOCKED: row(
    409,
    (d) => `the journal in ${d.directory} is in use by another process`,
    "Close the other process, or use another directory: one process writes a journal.",
  ),
  CAL_JOURNAL_VERSION: row(
    503,
    (d) => `${d.file} holds journal format ${d.found}; this program reads ${d.expected}`,
    "Use the program that wrote it, or start a new journal.",
  ),
  CAL_JOURNAL_CORRUPT: row(
    503,
    (d) => `entry ${d.sequence} in ${d.file} at byte ${d.byteOffset}: expected ${d.expected}, found ${d.found}`,
    "Restore the segment from a copy. A torn tail is set aside by itself at the next start; this is not one.",
  ),
  CAL_JOURNAL_FAILED: row(
    503,
    (d) =>
      `the disk refused a batch (${d.problem}); whether its ${d.unknown} entries are durable is known only after reopening`,
    "Restart once the disk is healthy, then resend with the same request ids: a request is decided at most once.",
  ),
  CAL_JOURNAL_OVERLOADED: row(
    429,
    (d) => `${d.waiting} entries already wait for the disk`,
    "Retry with backoff; nothing was decided. If it lasts, the disk syncs slower than traffic arrives.",
  ),
  CAL_JOURNAL_ENTRY_UNKNOWN: row(
    404,
    (d) => `the journal holds no entry ${d.sequence}`,
    "Sequences count from 1 up to the head that `calybris verify` prints.",
  ),
  CAL_JOURNAL_ENTRY_MALFORMED: row(
    503,
    (d) => `entry ${d.sequence} cannot be read: ${d.problem}`,
    "Use the program that wrote the journal; if it is this one, the entry was altered: restore it from a copy.",
  ),
  CAL_JOURNAL_KEY: row(
    400,
    (d) => `the key in ${d.file} cannot be used: ${d.problem}`,
    "Give the file that holds the journal's key: 16 bytes or more, readable by its owner alone.",
  ),
  CAL_ENGINE_POLICY_MISMATCH: row(
    409,
    (d) => `the policy given has digest ${d.given}, the journal's policy has ${d.journal}`,
    "Open the journal with its own policy, or change it with `calybris policy set FILE --by NAME`.",
  ),
  CAL_ENGINE_POLICY_REQUIRED: row(
    400,
    (d) => `the journal in ${d.directory} is new and no policy was given`,
    "Give a policy; `calybris init` writes one to start from.",
  ),
  CAL_ENGINE_CLOSED: row(
    503,
    () => "the engine is closed",
    "Open it again; whatever was answered before is in the journal.",
  ),
  CAL_ENGINE_STOPPED: row(
    503,
    (d) => `the engine stopped because this did not hold: ${d.claim} (incident ${d.incident})`,
    "Restart the process: it recovers what is durable, and retries with the same ids are safe. This is a bug in Calybris or in a port given to it; please report the incident.",
  ),
  CAL_POLICY_UNKNOWN: row(
    404,
    (d) => `the journal in ${d.directory} has no policy ${d.policyId}`,
    "`calybris policy show --journal DIRECTORY` lists its policies.",
  ),
  CAL_CASES_INVALID: row(
    400,
    (d) => `the cases${inFile(d.file)} have ${listMistakes(d.mistakes)}`,
    "Fix every listed field; `calybris policy test --help` shows the form of a case.",
  ),
  CAL_BUDGETS_INVALID: row(
    400,
    (d) => `the budgets${inFile(d.file)} have ${listMistakes(d.mistakes)}`,
    "Mend each field named; nothing was changed.",
  ),
  CAL_LEDGER_INVALID: row(
    400,
    (d) => `the ledger was given ${listMistakes(d.mistakes)}`,
    "Mend each field named and send it again; nothing was changed.",
  ),
  CAL_LEDGER_TENANT_UNKNOWN: row(
    404,
    (d) => `tenant ${quote(d.tenant)} has no budget`,
    "Name a tenant that has one, or give it one with `calybris ledger apply FILE --by NAME`. With `budgets.unknownTenants` at `unmetered` such requests are decided without a reservation.",
  ),
  CAL_LEDGER_TENANT_UNMETERED: row(
    409,
    (d) => `tenant ${quote(d.tenant)} is not metered, so it holds no money`,
    "Grant to a tenant above or below it, or meter it with `calybris ledger apply FILE --by NAME`.",
  ),
  CAL_LEDGER_ID_REUSED: row(
    409,
    (d) => `id ${quote(d.id)} was used in entry ${d.sequence} with other content`,
    "Use a new id for a new grant; the same id is for sending the same grant again.",
  ),
  CAL_LEDGER_RESERVATION_UNKNOWN: row(
    404,
    (d) => `decision ${quote(d.decisionId)} holds no reservation`,
    "Only a decision that selected a candidate for a metered tenant reserves; after 262,144 later ones are closed it is forgotten.",
  ),
  CAL_LEDGER_RESERVATION_FOREIGN: row(
    403,
    (d) => `decision ${quote(d.decisionId)} is not one of tenant ${quote(d.tenant)}`,
    "Send the decision id as it was answered, with the tenant that it was made for.",
  ),
  CAL_LEDGER_RESERVATION_STATE: row(
    409,
    (d) =>
      `${d.operation} of ${quote(d.decisionId)} is refused: it is ${d.state} since entry ${d.sequence}, at ${d.actualMicrocents} microcents`,
    "An open reservation is settled, released or held; a held one is reconciled; a settled one is corrected.",
  ),
  CAL_OUTCOME_INVALID: row(
    400,
    (d) => `the outcome has ${listMistakes(d.mistakes)}`,
    "Mend each field named and send it again; nothing was changed.",
  ),
  CAL_OUTCOME_UNBOUND: row(
    404,
    (d) => `no decision that ran goes by ${quote(d.decisionId)}`,
    "Send the decision id as it was answered. A rejected request has no outcome.",
  ),
  CAL_OUTCOME_DUPLICATE: row(
    409,
    (d) =>
      `the outcome of ${quote(d.decisionId)} was told already, in another way${d.sequence === 0 ? "" : `, in entry ${d.sequence}`}`,
    "An outcome is told once; the same one again gets the first answer.",
  ),
  CAL_ENGINE_SEED: row(
    503,
    (d) => `the seed of the draws in ${d.directory} cannot be used: ${d.problem}`,
    "Restore the file `draw-seed` of the journal's directory: what is drawn has to follow from what was promised.",
  ),
  CAL_LEDGER_OVERFLOW: row(
    409,
    (d) => `${d.field} of tenant ${quote(d.tenant)} would pass 2^63 − 1 microcents`,
    "Amounts are 64-bit microcents, about $92 billion; nothing was changed. Check the unit of the amount.",
  ),
  CAL_PRIOR_INVALID: row(
    400,
    (d) => `the prior${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Use a file as `calybris train` wrote it; nothing was learned from this one.",
  ),
  CAL_CERTIFICATE_PRIOR: row(
    409,
    (d) => `the certificate was found with ${priorText(d.named)}, and ${priorText(d.inForce)} is in force`,
    "Put its prior in force first, or certify the one that is; regimes of one prior say nothing of another's.",
  ),
  CAL_TABLE_INVALID: row(
    400,
    (d) => `the table${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Mend each place named, in the table or in its map; docs/tables.md tells what a map may say.",
  ),
  CAL_DATA_MISSING: row(
    404,
    (d) => `the data set ${quote(d.set)} cannot be had: ${d.problem}`,
    "Set `CALYBRIS_DATA` to the folder with the data sets, or name the set's own file with `--data`.",
  ),
  CAL_ARCHIVE_REFUSED: row(
    409,
    (d) => `${d.path} cannot be archived: ${d.problem}`,
    "Fix the problem named; a file is moved only after its copy was verified.",
  ),
};

/** Without a digest there is none. */
function priorText(digest: string): string {
  return digest === "" ? "no prior" : `the prior ${digest}`;
}

export type ErrorCode = keyof ErrorDetailsByCode;
/** Details of a code of this table; a package with a table of its own types its own. */
export type ErrorDetails<Code extends string> = Code extends ErrorCode ? ErrorDetailsByCode[Code] : object;

/**
 * An operating error. Switch on `code`; show `message` and `remedy`; log `details`. A package with a table of its own
 * extends this class and passes the row.
 *
 * @example
 * ```ts
 * import { CalybrisError } from "@calybris/kernel";
 * const error = new CalybrisError("CAL_JOURNAL_OVERLOADED", { waiting: 4096 });
 * error.status; // 429
 * error.message; // "4096 entries already wait for the disk"
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
