/**
 * `calybris outcomes`: reports the outcomes of many decisions. Repeating it records nothing twice.
 * @module
 */
import { ServiceError } from "@calybris/client";
import type { ClientOutcome } from "@calybris/engine";
import { CalybrisError } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { Command } from "commander";
import { byOption, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { DirectorySource } from "../journal/directory-source.ts";
import { ServiceSource } from "../journal/service-source.ts";
import { decisionsOf } from "./decisions.ts";
import { type OutcomeRow, outcomeRows } from "./rows.ts";
import { startProgress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface OutcomesOptions extends TargetOptions, ClaimOptions {
  readonly json?: true;
  readonly quiet?: true;
}

interface Summary {
  /** New to the journal. */
  recorded: number;
  /** The number of these from which beliefs and floors learned. */
  learned: number;
  /** Already reported with the same content. */
  repeated: number;
  /** Already reported, too long ago to compare. */
  uncompared: number;
  refused: number;
  /** The first few refusals. */
  readonly refusals: { readonly line: number; readonly code: string; readonly message: string }[];
  /** All rows up to this line were read. */
  lastLine: number;
}

const REFUSALS_KEPT_MAX = 20;
/** Maximum outcomes that wait for the disk. */
const WAITING_MAX = 256;
const PROGRESS = "{bar} {percentage}% | outcome {value} of {total} | {eta_formatted} left";
const EXIT_REFUSED = 2;
const EXIT_INTERRUPTED = 130;

const HELP = `
Each line is an object: decisionId or requestId; succeeded, signals or both; and optionally disposition, costMicrocents (or
costCents, costDollars), latencyMs and observedAt. The whole file is checked before the first outcome is recorded. An
outcome that the journal refuses is reported, and the others continue.
Exit code: 0 all recorded, 1 the journal failed, 2 some refused or the file is invalid, 130 interrupted.

Example:
  calybris outcomes outcomes.jsonl`;

export function outcomesCommand(terminal: Terminal): Command {
  return new Command("outcomes")
    .description("report outcomes from a file; running it again records nothing twice")
    .argument("<file>", "JSON Lines, plain or compressed; - is standard input")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(byOption())
    .addOption(keyFileOption())
    .option("--json", "print the summary as JSON")
    .option("--quiet", "no progress bar")
    .addHelpText("after", HELP)
    .action((file: string, options: OutcomesOptions) => reportOutcomes(file, { options, terminal }));
}

async function reportOutcomes(
  file: string,
  { options, terminal }: { readonly options: OutcomesOptions; readonly terminal: Terminal },
): Promise<void> {
  const read = await looked(file);
  const client = clientOf(options);
  const source =
    client === undefined
      ? new DirectorySource((await placeOf(options)).directory)
      : new ServiceSource(client, options.url ?? "");
  const ids = await decisionsOf(source, read.requestIds);
  const isQuiet = options.quiet === true || options.json === true;
  const interruption = new AbortController();
  const release = terminal.onInterrupt(() => interruption.abort());
  const progress = startProgress(isQuiet ? undefined : read.rows.length, PROGRESS);
  try {
    const run = { rows: read.rows, ids, stop: interruption.signal, onProgress: progress.update };
    const caller = callerOf(options);
    const summary =
      client === undefined
        ? await withEngine(
            options,
            undefined,
            ({ learning }) =>
              reportRows((outcome) => learning.observe(outcome, caller), { ...run, waitingMax: WAITING_MAX }),
            "many",
          )
        : // One at a time: concurrent requests may arrive in a different order.
          await reportRows((outcome) => client.observe({ ...outcome, ...caller }), { ...run, waitingMax: 1 });
    progress.stop();
    terminal.print(options.json ? jsonText(summary) : summaryText(summary));
    if (summary.refused > 0) terminal.exitCode = EXIT_REFUSED;
    if (interruption.signal.aborted) terminal.exitCode = EXIT_INTERRUPTED;
  } finally {
    progress.stop();
    release();
  }
}

interface Looked {
  readonly rows: readonly OutcomeRow[];
  readonly requestIds: ReadonlySet<string>;
}

/** Reads all rows first, so that a mistake in the last one does not leave a partial report. */
async function looked(file: string): Promise<Looked> {
  const rows: OutcomeRow[] = [];
  const requestIds = new Set<string>();
  for await (const row of outcomeRows(file)) {
    rows.push(row);
    if (row.requestId !== undefined) requestIds.add(row.requestId);
  }
  return { rows, requestIds };
}

interface Run {
  readonly rows: readonly OutcomeRow[];
  readonly ids: ReadonlyMap<string, string>;
  /** Maximum concurrent outcomes. */
  readonly waitingMax: number;
  readonly stop: AbortSignal;
  readonly onProgress: (done: number) => void;
}

type Observe = (outcome: ClientOutcome) => Promise<{ readonly repeated: boolean; readonly learned: boolean }>;

/** Reports in the order of the file, because learning from each depends on those before it. */
async function reportRows(observe: Observe, { rows, ids, waitingMax, stop, onProgress }: Run): Promise<Summary> {
  const summary: Summary = {
    recorded: 0,
    learned: 0,
    repeated: 0,
    uncompared: 0,
    refused: 0,
    refusals: [],
    lastLine: 0,
  };
  for (let from = 0; from < rows.length && !stop.aborted; from += waitingMax) {
    const block = rows.slice(from, from + waitingMax);
    const answers = await Promise.allSettled(
      block.map(async ({ outcome, requestId }) => {
        const decisionId = requestId === undefined ? outcome.decisionId : ids.get(requestId);
        if (decisionId === undefined) throw new EngineError("CAL_OUTCOME_UNBOUND", { decisionId: requestId ?? "" });
        return observe({ ...outcome, decisionId });
      }),
    );
    for (const [index, answer] of answers.entries()) {
      const { line } = block[index] as OutcomeRow;
      if (answer.status === "rejected") refuse(summary, line, answer.reason);
      else if (answer.value.repeated) summary.repeated += 1;
      else {
        summary.recorded += 1;
        summary.learned += answer.value.learned ? 1 : 0;
      }
      summary.lastLine = line;
    }
    onProgress(from + block.length);
  }
  return summary;
}

/** Counts the refusal of an outcome; an error of the journal ends the run. */
function refuse(summary: Summary, line: number, reason: unknown): void {
  const isCoded = reason instanceof CalybrisError || reason instanceof ServiceError;
  if (!isCoded || reason.status >= 500 || !reason.code.startsWith("CAL_OUTCOME_")) throw reason;
  if (isUncompared(reason)) {
    summary.uncompared += 1;
    return;
  }
  summary.refused += 1;
  if (summary.refusals.length < REFUSALS_KEPT_MAX)
    summary.refusals.push({ line, code: reason.code, message: reason.message });
}

/** The engine keeps only the latest outcomes completely; of earlier ones it only knows that they were reported. */
function isUncompared({ code, details }: CalybrisError | ServiceError): boolean {
  return code === "CAL_OUTCOME_DUPLICATE" && "sequence" in details && details["sequence"] === 0;
}

function summaryText({ recorded, learned, repeated, uncompared, refused, refusals }: Summary): string {
  const count = (number: number): string => number.toLocaleString("en");
  const before = uncompared === 0 ? "" : `, ${count(uncompared)} reported too long ago to compare`;
  const lines = [
    `${count(recorded)} recorded (${count(learned)} used by the learner), ${count(repeated)} unchanged${before}, ${count(refused)} refused`,
    ...refusals.map(({ line, code, message }) => `  line ${line}: ${code}: ${message}`),
    ...(refused > refusals.length ? [`  and ${count(refused - refusals.length)} more`] : []),
  ];
  return lines.map(printable).join("\n");
}
