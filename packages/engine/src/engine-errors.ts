/**
 * The error table of the engine: journal, decisions, money, outcomes, policies and rollout.
 * @module
 */
import {
  CalybrisError,
  type ErrorCode,
  type ErrorRow,
  inFile,
  listMistakes,
  type Mistake,
  quote,
  row,
} from "@calybris/kernel";

/** The details of each code. */
export interface EngineErrorDetails {
  readonly CAL_REQUEST_ID_REUSED: { requestId: string; sequence: number };
  readonly CAL_JOURNAL_UNREADABLE: { path: string; problem: string };
  readonly CAL_JOURNAL_LOCKED: { directory: string };
  readonly CAL_JOURNAL_VERSION: { file: string; found: string; expected: string };
  readonly CAL_JOURNAL_CORRUPT: { file: string; sequence: number; byteOffset: number; expected: string; found: string };
  readonly CAL_JOURNAL_FAILED: { unknown: number; problem: string };
  readonly CAL_JOURNAL_OVERLOADED: { waiting: number };
  readonly CAL_JOURNAL_ENTRY_UNKNOWN: { sequence: number };
  readonly CAL_JOURNAL_ARCHIVE_UNREACHABLE: { sequence: number; file: string };
  readonly CAL_JOURNAL_KEY: { file: string; problem: string };
  readonly CAL_ENGINE_POLICY_MISMATCH: { given: string; journal: string };
  readonly CAL_ENGINE_POLICY_REQUIRED: { directory: string };
  readonly CAL_ROLLOUT_NOT_STAGED: { policyId: number };
  readonly CAL_ROLLOUT_POLICY_UNKNOWN: { policyId: number };
  readonly CAL_ROLLOUT_GATES: { policyId: number; missing: string };
  readonly CAL_ROLLOUT_CANARY: { policyId: number; different: string };
  readonly CAL_ROLLOUT_SIGNATURE_MISSING: { policyId: number; change: string };
  readonly CAL_ROLLOUT_SIGNATURE_STALE: { policyId: number; signed: number; last: number };
  readonly CAL_ROLLOUT_SIGNER_UNKNOWN: { policyId: number; signer: string };
  readonly CAL_ROLLOUT_SIGNATURE_INVALID: { policyId: number; signer: string; problem: string };
  readonly CAL_ROLLOUT_SIGNERS_NONE: { signer: string };
  readonly CAL_REGRET_UNAVAILABLE: { problem: string };
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
  readonly CAL_LEDGER_OVERFLOW: { tenant: string; field: string };
  readonly CAL_PRIOR_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_CERTIFICATE_PRIOR: { named: string; active: string };
  readonly CAL_CALL_REPEATED: { requestId: string; decisionId: string; state: string };
  readonly CAL_CALL_POLICY_CHANGED: { given: number; deciding: number };
  readonly CAL_CALL_ATTEMPT_BUDGET: { decisionId: string; headroomMicrocents: bigint; neededMicrocents: bigint };
  readonly CAL_CALL_ATTEMPT_INVALID: { decisionId: string; problem: string };
  readonly CAL_CALL_COST_UNKNOWN: { decisionId: string; attempts: string };
  readonly CAL_CALL_ENDED: { decisionId: string; state: string };
}

export const ENGINE_ERRORS: { readonly [Code in keyof EngineErrorDetails]: ErrorRow<EngineErrorDetails[Code]> } = {
  CAL_REQUEST_ID_REUSED: row(
    409,
    (d) => `request ID ${quote(d.requestId)} was already decided in entry ${d.sequence}, for a different request`,
    "Use a new ID for a new request; reuse an ID only to retry the same request.",
  ),
  CAL_JOURNAL_UNREADABLE: row(
    503,
    (d) => `the journal at ${d.path} cannot be used: ${d.problem}`,
    "Check that it is a directory that this user can read and write, on a disk with free space.",
  ),
  CAL_JOURNAL_LOCKED: row(
    409,
    (d) => `the journal in ${d.directory} is in use by another process`,
    "Stop the other process, or use another directory; only one process may write to a journal. Where it is a service, commands change the journal through it with `--url`.",
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
      `a write to the journal failed (${d.problem}); only recovery can establish whether its ${d.unknown} entries are durable`,
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
  CAL_JOURNAL_ARCHIVE_UNREACHABLE: row(
    503,
    (d) => `entry ${d.sequence} is in ${d.file}, which cannot be reached`,
    "Make the archive available again, then retry. The request was decided before, so it is not decided a second time.",
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
    "Stage a policy with `calybris policy stage FILE`; `calybris policy status` shows the staged one.",
  ),
  CAL_ROLLOUT_POLICY_UNKNOWN: row(
    404,
    (d) => `the journal has no policy ${d.policyId}`,
    "`calybris policy show` lists the policies of a journal with their ids.",
  ),
  CAL_ROLLOUT_GATES: row(
    409,
    (d) => `policy ${d.policyId} does not pass the gates: ${d.missing}`,
    "Wait for more decisions and outcomes, or activate the policy without gates with `calybris policy set FILE`.",
  ),
  CAL_ROLLOUT_CANARY: row(
    409,
    (d) =>
      `policy ${d.policyId} cannot run as a canary: its learner differs from the active policy's in ${d.different}`,
    "Stage a policy with the same `learning`, tiers and lowest quality per tier as the active one, or a policy that does not learn. Or promote without a canary.",
  ),
  CAL_ROLLOUT_SIGNATURE_MISSING: row(
    403,
    (d) => `policy ${d.policyId} cannot be ${d.change}: policy changes need a signature`,
    "Have one of the configured signers sign this change with `calybris policy sign`, and send the signature with the command.",
  ),
  CAL_ROLLOUT_SIGNATURE_STALE: row(
    409,
    (d) =>
      `the signature for policy ${d.policyId} follows the policy change in entry ${d.signed}, but the latest is in entry ${d.last}`,
    "Review what changed since, then sign the change again.",
  ),
  CAL_ROLLOUT_SIGNER_UNKNOWN: row(
    403,
    (d) => `the signature for policy ${d.policyId} is by ${JSON.stringify(d.signer)}, which is not a configured signer`,
    "Have one of the configured signers sign this change, or add the signer's public key to the configuration.",
  ),
  CAL_ROLLOUT_SIGNATURE_INVALID: row(
    403,
    (d) => `the signature for policy ${d.policyId} by ${JSON.stringify(d.signer)} ${d.problem}`,
    "Sign exactly this change (journal, last change, action, policy ID, policy digest and canary share) with a valid key.",
  ),
  CAL_ROLLOUT_SIGNERS_NONE: row(
    409,
    (d) => `the change is signed by ${JSON.stringify(d.signer)}, but no signers are configured to verify it`,
    "Name the signers of policy changes with `rollout.signersFile` or `--signers-file`, or send the command without a signature.",
  ),
  CAL_REGRET_UNAVAILABLE: row(
    503,
    (d) => `regret could not be measured: ${d.problem}`,
    "Retry; measuring then continues from what was kept, or from the beginning of the journal. Decisions continue. `calybris regret --journal DIR` measures the same from the files.",
  ),
  CAL_ENGINE_CLOCK: row(
    503,
    (d) => `the system clock jumped forward from ${d.from} to ${d.to}`,
    "Correct the system clock. If the new time is right, confirm it with `POST /v1/clock/confirm`, or restart. Until then nothing is decided, because the time of an entry is permanent.",
  ),
  CAL_JOURNAL_CLOCK: row(
    503,
    (d) => `the last entry of the journal in ${d.directory} is dated ${d.at}, but the system clock reads ${d.now}`,
    "Correct the system clock. If the clock is right now and ran ahead before, run `calybris journal repair-clock --journal DIRECTORY`.",
  ),
  CAL_ENGINE_ACTOR: row(
    403,
    (d) => `actor ${d.actor} is not an active key`,
    "Create the key again: this journal does not have it, or it was revoked.",
  ),
  CAL_ENGINE_CLOSED: row(
    503,
    () => "the engine is closed",
    "Open the engine again; every answered command is in the journal.",
  ),
  CAL_ENGINE_STOPPED: row(
    503,
    (d) => `the engine stopped because an invariant failed: ${d.claim} (incident ${d.incident})`,
    "Restart the process; it recovers every durable entry, and retries with the same IDs are safe. This is a bug in Calybris or in a port passed to it: please report the incident.",
  ),
  CAL_CASES_INVALID: row(
    400,
    (d) => `the cases${inFile(d.file)} have ${listMistakes(d.mistakes)}`,
    "Fix every field listed; `calybris policy test --help` shows the form of a case.",
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
    (d) => `tenant ${quote(d.tenant)} has ${d.open} open reservations, which is the maximum`,
    "Settle or release finished calls, or wait until reservations expire; nothing was decided. `budgets.openReservationsMax` sets the maximum.",
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
      `costMicrocents is ${d.costMicrocents}, but ${quote(d.decisionId)} is ${d.state} at ${d.actualMicrocents} since entry ${d.sequence}`,
    "Leave costMicrocents out: the cost is in the ledger. If the ledger is wrong, send a correction.",
  ),
  CAL_ENGINE_SEED: row(
    503,
    (d) => `the draw seed in ${d.directory} cannot be used: ${d.problem}`,
    "Restore the file `draw-seed` in the journal's directory; the journal is committed to that seed.",
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
    (d) => `the certificate is for ${priorText(d.named)}, but ${priorText(d.active)} is active`,
    "Activate the certificate's prior first, or certify the active one; regimes differ between priors.",
  ),
  CAL_CALL_REPEATED: row(
    409,
    (d) =>
      `request ID ${quote(d.requestId)} was already used for call ${d.decisionId}, which is ${d.state.replace("_", " ")}`,
    "Do not send it again: answers are not stored, and the first call is billed. Use a new ID for a new call.",
  ),
  CAL_CALL_POLICY_CHANGED: row(
    409,
    (d) => `the bounds of the call are for policy ${d.given}, but policy ${d.deciding} decides`,
    "Retry: another policy was activated meanwhile, and nothing was decided. A program that embeds the engine computes the bounds again for `rollout.policyFor(tenant)`.",
  ),
  CAL_CALL_ATTEMPT_BUDGET: row(
    402,
    (d) =>
      `another attempt of ${d.decisionId} may cost ${d.neededMicrocents} microcents, but the headroom is ${d.headroomMicrocents}`,
    "Grant money or raise the limit; the attempts so far are billed.",
  ),
  CAL_CALL_ATTEMPT_INVALID: row(
    409,
    (d) => `the attempt of ${d.decisionId} ${d.problem}`,
    "Report each attempt once: begin it before it is sent, and end it before the call.",
  ),
  CAL_CALL_COST_UNKNOWN: row(
    409,
    (d) => `${d.decisionId} cannot be settled: the cost of attempt ${d.attempts} is unknown`,
    "Hold the call; its reconciliation states the total.",
  ),
  CAL_CALL_ENDED: row(
    409,
    (d) => `the call ${d.decisionId} has ended; it is ${d.state.replace("_", " ")}`,
    "If its cost is wrong, correct it with `calybris ledger correct`.",
  ),
};

/** An empty digest means no prior. */
function priorText(digest: string): string {
  return digest === "" ? "no prior" : `the prior ${digest}`;
}

/** An error that another thread sent as code and details, from this table or the kernel's. */
export function errorOfThread(code: string, details: unknown): CalybrisError {
  return code in ENGINE_ERRORS
    ? new EngineError(code as EngineErrorCode, details as never)
    : new CalybrisError(code as ErrorCode, details as never);
}

/** A code of the engine's table. */
export type EngineErrorCode = keyof EngineErrorDetails;

/**
 * An operating error of the engine. Switch on `code`, which is stable; show `message` and `remedy`; log `details`.
 *
 * @example
 * ```ts
 * import { EngineError } from "@calybris/engine";
 * const error = new EngineError("CAL_JOURNAL_OVERLOADED", { waiting: 4096 });
 * error.status; // 429
 * error.message; // "4096 entries are already waiting for the disk"
 * ```
 */
export class EngineError<Code extends EngineErrorCode = EngineErrorCode> extends CalybrisError<
  Code,
  EngineErrorDetails[Code]
> {
  constructor(code: Code, details: EngineErrorDetails[Code], options?: ErrorOptions) {
    super(code, details, options, ENGINE_ERRORS[code] as unknown as ErrorRow<EngineErrorDetails[Code]>);
  }
}
