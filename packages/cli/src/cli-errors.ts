/**
 * The error table of the command line. Errors of decisions, money and the journal are in the kernel's table.
 * @module
 */
import { CalybrisError, type ErrorRow, quote, row } from "@calybris/kernel";

/** The details of each code. */
export interface CliErrorDetails {
  readonly CAL_ARCHIVE_REFUSED: { path: string; problem: string };
  readonly CAL_JOURNAL_DECISION_UNKNOWN: { decisionId: string };
  readonly CAL_JOURNAL_MISSING: { directory: string };
  readonly CAL_OUTPUT_UNWRITABLE: { file: string; problem: string };
  readonly CAL_POLICY_DIFFERENT: { file: string; policyId: number; given: string; journal: string };
  readonly CAL_POLICY_UNKNOWN: { directory: string; policyId: number };
  readonly CAL_REPLAY_STOPPED: { decisions: number; lastLine: number; directory: string };
  readonly CAL_SERVICE_KEY: { file: string; problem: string };
  readonly CAL_SERVICE_UNREACHABLE: { url: string; problem: string };
  readonly CAL_TEMPORARY_FILE: { directory: string; problem: string };
  readonly CAL_USAGE_INVALID: { command: string; problem: string };
}

export const CLI_ERRORS: { readonly [Code in keyof CliErrorDetails]: ErrorRow<CliErrorDetails[Code]> } = {
  CAL_ARCHIVE_REFUSED: row(
    409,
    (d) => `${d.path} cannot be archived: ${d.problem}`,
    "Fix the problem; a file is replaced by a link only after its copy is verified.",
  ),
  CAL_JOURNAL_DECISION_UNKNOWN: row(
    404,
    (d) => `the journal has no decision with ID ${quote(d.decisionId)}`,
    "Send the decision ID exactly as it was returned; `calybris tail --kind decision` prints the latest.",
  ),
  CAL_JOURNAL_MISSING: row(
    404,
    (d) => `there is no journal in ${d.directory}`,
    "Name the journal with `--journal`; `calybris serve` and `calybris replay` create one.",
  ),
  CAL_OUTPUT_UNWRITABLE: row(
    400,
    (d) => `${d.file} cannot be written: ${d.problem}`,
    "Choose another path, or check its permissions; an existing file was left unchanged.",
  ),
  CAL_POLICY_DIFFERENT: row(
    409,
    (d) => `${d.file} has digest ${d.given}; policy ${d.policyId} of the journal has ${d.journal}`,
    "Do not sign it. `calybris policy show --id ID` prints the policy of the journal; `calybris policy diff` compares.",
  ),
  CAL_POLICY_UNKNOWN: row(
    404,
    (d) => `the journal in ${d.directory} has no policy ${d.policyId}`,
    "`calybris policy show --journal DIRECTORY` lists its policies.",
  ),
  CAL_REPLAY_STOPPED: row(
    409,
    (d) =>
      `the replay was interrupted after ${d.decisions} decisions, up to and including line ${d.lastLine}; they are in ${d.directory}`,
    "Run the same command again to continue. Rows of standard input without a `requestId` are decided again.",
  ),
  CAL_SERVICE_KEY: row(
    400,
    (d) => `the API key in ${d.file} cannot be used: ${d.problem}`,
    "Pass a file that holds the key as `calybris key create` printed it, readable by its owner only.",
  ),
  CAL_SERVICE_UNREACHABLE: row(
    503,
    (d) => `no answer from the service at ${d.url}: ${d.problem}`,
    "Check the URL, and that the service runs (`calybris health`). It is safe to repeat the command: nothing is done twice.",
  ),
  CAL_TEMPORARY_FILE: row(
    507,
    (d) => `a temporary file in ${d.directory} cannot be used: ${d.problem}`,
    "Free space there, or name another directory in the environment variable TMPDIR. Nothing was established.",
  ),
  CAL_USAGE_INVALID: row(400, (d) => `${d.command}: ${d.problem}`, "`COMMAND --help` lists every argument and option."),
};

export type CliErrorCode = keyof CliErrorDetails;

/** An operating error of a command. Switch on `code`, as for every {@link CalybrisError}. */
export class CliError<Code extends CliErrorCode = CliErrorCode> extends CalybrisError<Code, CliErrorDetails[Code]> {
  constructor(code: Code, details: CliErrorDetails[Code], options?: ErrorOptions) {
    super(code, details, options, CLI_ERRORS[code] as unknown as ErrorRow<CliErrorDetails[Code]>);
  }
}
