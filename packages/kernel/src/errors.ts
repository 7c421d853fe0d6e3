/**
 * Operating errors: failures that are not bugs in Calybris. Each has a stable code, an HTTP status, a message and a remedy.
 * `docs/errors.md` is generated from this table.
 *
 * A rejected request is not an error: it is a decision with a reason. A failed invariant is an {@link InvariantViolation}.
 * @module
 */

import { type ErrorRow, inFile, listMistakes, type Mistake, quote, row } from "./error-row.ts";
import { CALL_ERRORS, type CallErrorDetails } from "./call-errors.ts";
import { PROOF_ERRORS, type ProofErrorDetails } from "./proof/proof-errors.ts";

export { describeMistake, type ErrorRow, inFile, listMistakes, type Mistake, quote, row } from "./error-row.ts";

/** The details of each code. */
export interface ErrorDetailsByCode extends ProofErrorDetails, CallErrorDetails {
  readonly CAL_POLICY_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_CATALOG_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_REQUEST_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_REQUEST_ID_REUSED: { requestId: string; sequence: number };
  readonly CAL_INPUT_UNREADABLE: { file: string; problem: string };
  readonly CAL_INPUT_MALFORMED: { file: string; line?: number; column?: number; problem: string };
  readonly CAL_JOURNAL_UNREADABLE: { path: string; problem: string };
  readonly CAL_JOURNAL_LOCKED: { directory: string };
  readonly CAL_JOURNAL_VERSION: { file: string; found: string; expected: string };
  readonly CAL_JOURNAL_CORRUPT: { file: string; sequence: number; byteOffset: number; expected: string; found: string };
  readonly CAL_JOURNAL_FAILED: { unknown: number; problem: string };
  readonly CAL_JOURNAL_OVERLOADED: { waiting: number };
  readonly CAL_JOURNAL_ENTRY_UNKNOWN: { sequence: number };
  readonly CAL_JOURNAL_ENTRY_MALFORMED: { sequence: number; problem: string };
  readonly CAL_JOURNAL_MEMBER_UNKNOWN: { sequence: number; kind: string; member: string };
  readonly CAL_JOURNAL_ARCHIVE_UNREACHABLE: { sequence: number; file: string };
  readonly CAL_JOURNAL_ENTRY_UNSUPPORTED: { sequence: number; what: string };
  readonly CAL_JOURNAL_KEY: { file: string; problem: string };
  readonly CAL_ENGINE_POLICY_MISMATCH: { given: string; journal: string };
  readonly CAL_ENGINE_POLICY_REQUIRED: { directory: string };
  readonly CAL_ROLLOUT_NOT_STAGED: { policyId: number };
  readonly CAL_ROLLOUT_POLICY_UNKNOWN: { policyId: number };
  readonly CAL_ROLLOUT_GATES: { policyId: number; missing: string };
  readonly CAL_ENGINE_CLOCK: { from: string; to: string };
  readonly CAL_JOURNAL_CLOCK: { directory: string; at: string; now: string };
  readonly CAL_ENGINE_ACTOR: { actor: number };
  readonly CAL_ENGINE_CLOSED: Record<string, never>;
  readonly CAL_ENGINE_STOPPED: { incident: string; claim: string };
  readonly CAL_CASES_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_BUDGETS_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_LEDGER_INVALID: { mistakes: readonly Mistake[] };
  readonly CAL_LEDGER_TENANT_UNKNOWN: { tenant: string };
  readonly CAL_LEDGER_RESERVATIONS_FULL: { tenant: string; open: number };
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
  readonly CAL_OUTCOME_COST: {
    decisionId: string;
    costMicrocents: bigint;
    state: string;
    sequence: number;
    actualMicrocents: bigint;
  };
  readonly CAL_ENGINE_SEED: { directory: string; problem: string };
  readonly CAL_PRIOR_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_CERTIFICATE_PRIOR: { named: string; inForce: string };
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
  CAL_REQUEST_ID_REUSED: row(
    409,
    (d) => `request ID ${quote(d.requestId)} was already decided in entry ${d.sequence}, for a different request`,
    "Use a new ID for a new request; reuse an ID only to retry the same request.",
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
  CAL_JOURNAL_UNREADABLE: row(
    503,
    (d) => `the journal cannot be used at ${d.path}: ${d.problem}`,
    "Check that it is a directory that this user can read and write, on a disk with free space.",
  ),
  CAL_JOURNAL_LOCKED: row(
    409,
    (d) => `the journal in ${d.directory} is in use by another process`,
    "Stop the other process, or use another directory; only one process may write to a journal.",
  ),
  CAL_JOURNAL_VERSION: row(
    503,
    (d) => `${d.file} holds journal format ${d.found}; this program reads ${d.expected}`,
    "Use the version of Calybris that wrote it, or start a new journal.",
  ),
  CAL_JOURNAL_CORRUPT: row(
    503,
    (d) => `entry ${d.sequence} in ${d.file} at byte ${d.byteOffset}: expected ${d.expected}, found ${d.found}`,
    "Restore the file from a backup; without one, `calybris serve --accept-loss` opens the entries before the damage. This is not a torn tail, which recovery sets aside automatically.",
  ),
  CAL_JOURNAL_FAILED: row(
    503,
    (d) =>
      `a write to the journal failed (${d.problem}); only recovery can tell whether its ${d.unknown} entries are durable`,
    "Restart once the disk is healthy, then retry with the same request IDs; each request is decided at most once.",
  ),
  CAL_JOURNAL_OVERLOADED: row(
    429,
    (d) => `${d.waiting} entries are already waiting for the disk`,
    "Retry with backoff; nothing was decided. If it persists, the disk is slower than the traffic.",
  ),
  CAL_JOURNAL_ENTRY_UNKNOWN: row(
    404,
    (d) => `the journal has no entry ${d.sequence}`,
    "Use a sequence from 1 to the head that `calybris verify` prints.",
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
  CAL_JOURNAL_ARCHIVE_UNREACHABLE: row(
    503,
    (d) => `entry ${d.sequence} is in ${d.file}, which cannot be reached`,
    "Make the archive available again, then retry. The request was decided before, so it is not decided a second time.",
  ),
  CAL_JOURNAL_ENTRY_UNSUPPORTED: row(
    503,
    (d) => `entry ${d.sequence} uses what this version does not support: ${d.what}`,
    "Use the version of Calybris that wrote the journal, or a later one.",
  ),
  CAL_JOURNAL_KEY: row(
    400,
    (d) => `the key in ${d.file} cannot be used: ${d.problem}`,
    "Pass the file with the journal's key: at least 16 bytes, readable by its owner only.",
  ),
  CAL_ENGINE_POLICY_MISMATCH: row(
    409,
    (d) => `the given policy has digest ${d.given}; the active policy of the journal has ${d.journal}`,
    "Open the journal with its active policy, or activate this one with `calybris policy set FILE`.",
  ),
  CAL_ENGINE_POLICY_REQUIRED: row(
    400,
    (d) => `the journal in ${d.directory} is new and no policy was given`,
    "Pass a policy; `calybris init` writes one to start from.",
  ),
  CAL_ROLLOUT_NOT_STAGED: row(
    409,
    (d) => `policy ${d.policyId} is not staged`,
    "Stage a policy with `calybris policy stage FILE`; `calybris policy status` shows which one is.",
  ),
  CAL_ROLLOUT_POLICY_UNKNOWN: row(
    404,
    (d) => `the journal has no policy ${d.policyId}`,
    "`calybris policy show` lists the policies of a journal with their ids.",
  ),
  CAL_ROLLOUT_GATES: row(
    409,
    (d) => `policy ${d.policyId} does not pass the gates of a promotion: ${d.missing}`,
    "Wait for more decisions and outcomes, or activate the policy without gates with `calybris policy set FILE`.",
  ),
  CAL_ENGINE_CLOCK: row(
    503,
    (d) => `the system clock went forward from ${d.from} to ${d.to}`,
    "Correct the system clock. If the new time is right, confirm it with `POST /v1/clock/confirm`, or restart. Until then nothing is decided, because an entry keeps its time for good.",
  ),
  CAL_JOURNAL_CLOCK: row(
    503,
    (d) => `the last entry of the journal in ${d.directory} is of ${d.at}, and the system clock says ${d.now}`,
    "Correct the system clock. If the clock is right and had run ahead before, run `calybris journal repair-clock --journal DIRECTORY`.",
  ),
  CAL_ENGINE_ACTOR: row(
    403,
    (d) => `the actor ${d.actor} is no active key`,
    "Introduce the key again: it is unknown to this journal, or was revoked.",
  ),
  CAL_ENGINE_CLOSED: row(
    503,
    () => "the engine is closed",
    "Open it again; everything that was answered is in the journal.",
  ),
  CAL_ENGINE_STOPPED: row(
    503,
    (d) => `the engine stopped because an invariant failed: ${d.claim} (incident ${d.incident})`,
    "Restart the process; it recovers every durable entry, and retries with the same IDs are safe. This is a bug in Calybris or in a port passed to it: please report the incident.",
  ),
  CAL_CASES_INVALID: row(
    400,
    (d) => `the cases${inFile(d.file)} have ${listMistakes(d.mistakes)}`,
    "Fix every listed field; `calybris policy test --help` shows the form of a case.",
  ),
  CAL_BUDGETS_INVALID: row(
    400,
    (d) => `the budgets${inFile(d.file)} have ${listMistakes(d.mistakes)}`,
    "Fix every field listed; nothing was changed.",
  ),
  CAL_LEDGER_INVALID: row(
    400,
    (d) => `the ledger command has ${listMistakes(d.mistakes)}`,
    "Fix every field listed and send it again; nothing was changed.",
  ),
  CAL_LEDGER_TENANT_UNKNOWN: row(
    404,
    (d) => `tenant ${quote(d.tenant)} has no budget`,
    "Name a tenant with a budget, or set one with `calybris ledger apply FILE --by NAME`. With `budgets.unknownTenants` set to `unmetered`, such requests are decided without a reservation.",
  ),
  CAL_LEDGER_RESERVATIONS_FULL: row(
    429,
    (d) => `tenant ${quote(d.tenant)} has ${d.open} reservations open, and may have no more`,
    "Settle or release what is done, or wait until reservations expire; nothing was decided. `budgets.openReservationsMax` is the bound.",
  ),
  CAL_LEDGER_TENANT_UNMETERED: row(
    409,
    (d) => `tenant ${quote(d.tenant)} is unmetered, so it has no balance`,
    "Grant to a metered tenant above or below it, or meter it with `calybris ledger apply FILE --by NAME`.",
  ),
  CAL_LEDGER_ID_REUSED: row(
    409,
    (d) => `ID ${quote(d.id)} was already used in entry ${d.sequence}, for a different grant`,
    "Use a new ID for a new grant; reuse an ID only to retry the same grant.",
  ),
  CAL_LEDGER_RESERVATION_UNKNOWN: row(
    404,
    (d) => `decision ${quote(d.decisionId)} has no reservation`,
    "Only a decision that selected a candidate for a metered tenant reserves. A closed reservation is forgotten after 262,144 later ones.",
  ),
  CAL_LEDGER_RESERVATION_FOREIGN: row(
    403,
    (d) => `decision ${quote(d.decisionId)} does not belong to tenant ${quote(d.tenant)}`,
    "Send the decision ID exactly as it was returned, with the tenant of the request.",
  ),
  CAL_LEDGER_RESERVATION_STATE: row(
    409,
    (d) =>
      `${d.operation} of ${quote(d.decisionId)} is refused: it has been ${d.state} since entry ${d.sequence}, at ${d.actualMicrocents} microcents`,
    "Settle, release or hold an open reservation; reconcile a held one; correct a settled one.",
  ),
  CAL_OUTCOME_INVALID: row(
    400,
    (d) => `the outcome has ${listMistakes(d.mistakes)}`,
    "Fix every field listed and send it again; nothing was changed.",
  ),
  CAL_OUTCOME_UNBOUND: row(
    404,
    (d) => `no executed decision has ID ${quote(d.decisionId)}`,
    "Send the decision ID exactly as it was returned. A rejected request has no outcome.",
  ),
  CAL_OUTCOME_DUPLICATE: row(
    409,
    (d) =>
      `a different outcome was already reported for ${quote(d.decisionId)}${d.sequence === 0 ? "" : `, in entry ${d.sequence}`}`,
    "Report an outcome once; a retry with the same content returns the first answer.",
  ),
  CAL_OUTCOME_COST: row(
    409,
    (d) =>
      `costMicrocents is ${d.costMicrocents}, and ${quote(d.decisionId)} is ${d.state} at ${d.actualMicrocents} since entry ${d.sequence}`,
    "Leave costMicrocents out: the cost is in the ledger. If the ledger is wrong, send a correction.",
  ),
  CAL_ENGINE_SEED: row(
    503,
    (d) => `the seed of the draws in ${d.directory} cannot be used: ${d.problem}`,
    "Restore the file `draw-seed` in the journal's directory; draws must follow from the seed that the journal committed to.",
  ),
  CAL_LEDGER_OVERFLOW: row(
    409,
    (d) => `${d.field} of tenant ${quote(d.tenant)} would exceed 2^63 − 1 microcents`,
    "Check the unit of the amount; the maximum is about $92 billion. Nothing was changed.",
  ),
  CAL_PRIOR_INVALID: row(
    400,
    (d) => `the prior${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Use an unmodified file from `calybris train`; nothing was changed.",
  ),
  CAL_CERTIFICATE_PRIOR: row(
    409,
    (d) => `the certificate belongs to ${priorText(d.named)}, and ${priorText(d.inForce)} is active`,
    "Activate the certificate's prior first, or certify the active one; regimes differ between priors.",
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
  ...CALL_ERRORS,
  ...PROOF_ERRORS,
};

/** An empty digest means no prior. */
function priorText(digest: string): string {
  return digest === "" ? "no prior" : `the prior ${digest}`;
}

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
 * const error = new CalybrisError("CAL_JOURNAL_OVERLOADED", { waiting: 4096 });
 * error.status; // 429
 * error.message; // "4096 entries are already waiting for the disk"
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
