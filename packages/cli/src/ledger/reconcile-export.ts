/**
 * `calybris ledger reconcile --usage-export FILE`: reconciles held calls from a provider's export of usage.
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type ReconciledExport, reconcileExport } from "@calybris/engine";
import { CalybrisError } from "@calybris/kernel";
import { CliError } from "../cli-errors.ts";
import { type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import type { TargetOptions } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import { exactDollars } from "../terminal/money-text.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface ExportOptions extends TargetOptions, ClaimOptions {
  readonly usageExport: string;
  readonly completeUntil?: number;
  readonly json?: true;
}

export async function runUsageExport(options: ExportOptions, terminal: Terminal): Promise<void> {
  const { usageExport: file, completeUntil: completeUntilUs } = options;
  if (options.url !== undefined) {
    const problem = "--usage-export needs --journal: stop the service first";
    throw new CliError("CAL_USAGE_INVALID", { command: "ledger reconcile", problem });
  }
  const bytes = bytesOf(file);
  const exportDigest = createHash("sha256").update(bytes).digest("hex");
  const named = { exportDigest, file, completeUntilUs };
  const result = await withEngine(options, undefined, (engine) =>
    reconcileExport(engine, bytes.toString("utf8"), named, callerOf(options)),
  );
  terminal.print(options.json ? jsonText({ file, exportDigest, ...result }) : textOf(result, exportDigest));
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CalybrisError("CAL_INPUT_UNREADABLE", { file, problem: (cause as Error).message }, { cause });
  }
}

function textOf(result: ReconciledExport, exportDigest: string): string {
  const { reconciled, stillHeld, otherRowCount, unexplainedRowCount, unexplainedMicrocents, buckets } = result;
  return [
    `${reconciled.length} held calls reconciled, ${stillHeld.length} still held (export ${exportDigest})`,
    ...reconciled.map(({ decisionId, costMicrocents }) => `  ${decisionId} cost $${exactDollars(costMicrocents)}`),
    `${otherRowCount} rows of calls that are not held`,
    `${unexplainedRowCount} rows unexplained, $${exactDollars(unexplainedMicrocents)}`,
    ...buckets.map(
      (bucket, index) =>
        `bucket ${index + 1}: spread over ${bucket.callCount} held calls, $${exactDollars(bucket.unexplainedMicrocents)} unexplained`,
    ),
  ].join("\n");
}
