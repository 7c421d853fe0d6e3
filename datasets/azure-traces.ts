/**
 * Azure LLM inference traces: one hour of production requests (2023-11-16), with token counts only.
 *
 * Microsoft Azure (Splitwise, ISCA 2024), CC BY 4.0; Azure/AzurePublicDataset at b469a113cedc, gzipped.
 * @module
 */
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { readChecked } from "./checked-file.ts";

export interface TraceRequest {
  readonly kind: "code" | "conversation";
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const TRACES = [
  {
    kind: "code",
    file: "AzureLLMInferenceTrace_code.csv.gz",
    sha256: "b99df47b5e34740244c5231814f8c3b8172f171a5a4bd7b2aeb16fe4501a874e",
    requestCount: 8_819,
  },
  {
    kind: "conversation",
    file: "AzureLLMInferenceTrace_conv.csv.gz",
    sha256: "ff242f3e188a47560ece64f1f9583cfed080118422e6307e0d5384eedd6dbbe7",
    requestCount: 19_366,
  },
] as const;

/** All 28,185 requests. Throws if a file is missing or does not match its published checksum. */
export async function azureTraces(dataDirectory: string): Promise<readonly TraceRequest[]> {
  const requests: TraceRequest[] = [];
  for (const { kind, file, sha256, requestCount } of TRACES) {
    const text = await readChecked(join(dataDirectory, "traces", file), sha256);
    const rows = parse(text, { columns: true, skip_empty_lines: true }) as readonly Record<string, string>[];
    if (rows.length !== requestCount) throw new Error(`${file} has ${rows.length} requests, expected ${requestCount}`);
    for (const row of rows)
      requests.push({ kind, inputTokens: Number(row["ContextTokens"]), outputTokens: Number(row["GeneratedTokens"]) });
  }
  return requests;
}
