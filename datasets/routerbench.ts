/**
 * Prompts of RouterBench (Martian): the ARC-Challenge, MBPP and Winogrande parts.
 *
 * No licence is stated, so the file is never shipped; shuhao02/RouterDC at 0e63989c5bf4, datasets/routerbench_zs.
 * @module
 */
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { readChecked } from "./checked-file.ts";

export interface BenchPrompt {
  readonly id: string;
  readonly evaluation: string;
  readonly prompt: string;
}

const FILE = "routerbench_subset.csv.gz";
const SHA256 = "8e2a1bcde27220a130566573dd1771dd2b2c250e5098209bdccb88d7b53f8945";

/** All 3,178 prompts. Throws when the file is missing, or is not the one described. */
export async function routerBenchPrompts(dataDirectory: string): Promise<readonly BenchPrompt[]> {
  const text = await readChecked(join(dataDirectory, "llm_routerbench", FILE), SHA256);
  const rows = parse(text, { columns: true, skip_empty_lines: true }) as readonly Record<string, string>[];
  return rows.map((row) => ({
    id: row["sample_id"] ?? "",
    evaluation: row["eval_name"] ?? "",
    prompt: row["prompt"] ?? "",
  }));
}
