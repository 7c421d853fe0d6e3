/**
 * `calybris ledger reconcile --usage-export FILE`: reconciles held calls from a provider's usage export.
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CalybrisClient } from "@calybris/client";
import { type ReconciledExport, reconcileExport } from "@calybris/engine";
import { CalybrisError } from "@calybris/kernel";
import { type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { exactAmounts } from "../service/exact-amounts.ts";
import { clientOf, type TargetOptions } from "../service/target.ts";
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
  const bytes = bytesOf(file);
  const exportDigest = createHash("sha256").update(bytes).digest("hex");
  const named = { exportDigest, file, completeUntilUs };
  const client = clientOf(options);
  const result =
    client === undefined
      ? await withEngine(
          options,
          undefined,
          (engine) => reconcileExport(engine, bytes.toString("utf8"), named, callerOf(options)),
          "many",
        )
      : await sent(client, bytes, options);
  terminal.print(options.json ? jsonText({ file, exportDigest, ...result }) : textOf(result, exportDigest));
}

/** Sends the export; the service returns the SHA-256 of the received text, which must match the file. */
async function sent(client: CalybrisClient, bytes: Buffer, options: ExportOptions): Promise<ReconciledExport> {
  const { usageExport: file, completeUntil } = options;
  const usageExport = bytes.toString("utf8");
  if (!Buffer.from(usageExport).equals(bytes))
    throw new CalybrisError("CAL_INPUT_UNREADABLE", { file, problem: "it is not UTF-8" });
  const { exportDigest: _digest, ...result } = await client.reconcileUsage({
    usageExport,
    ...(completeUntil === undefined ? {} : { completeUntil }),
    ...callerOf(options),
  });
  return exactAmounts(result);
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
