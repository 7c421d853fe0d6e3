/**
 * RouterBench (Martian): the ARC-Challenge, MBPP and Winogrande parts; 3,178 prompts, with the score and the real cost of
 * eleven language models.
 *
 * No licence is stated, so the file is never distributed; shuhao02/RouterDC at 0e63989c5bf4, datasets/routerbench_zs.
 * @module
 */
import { join } from "node:path";
import { type Table, TableBuilder } from "@calybris/learning";
import { parse } from "csv-parse/sync";
import { readChecked } from "./checked-file.ts";
import { type DataPlace, records, setText } from "./set-file.ts";

export interface BenchPrompt {
  readonly id: string;
  readonly evaluation: string;
  readonly prompt: string;
}

const FILE = "routerbench_subset.csv.gz";
const SHA256 = "8e2a1bcde27220a130566573dd1771dd2b2c250e5098209bdccb88d7b53f8945";

/** All 3,178 prompts. Throws if the file is missing, or is not the one described. */
export async function routerBenchPrompts(dataDirectory: string): Promise<readonly BenchPrompt[]> {
  const text = await readChecked(join(dataDirectory, "llm_routerbench", FILE), SHA256);
  const rows = parse(text, { columns: true, skip_empty_lines: true }) as readonly Record<string, string>[];
  return rows.map((row) => ({
    id: row["sample_id"] ?? "",
    evaluation: row["eval_name"] ?? "",
    prompt: row["prompt"] ?? "",
  }));
}

/** Cheapest first, by mean cost. */
const TIERS = {
  two: ["mistralai/mixtral-8x7b-chat", "gpt-4-1106-preview"],
  eight: [
    "mistralai/mistral-7b-chat",
    "WizardLM/WizardLM-13B-V1.2",
    "mistralai/mixtral-8x7b-chat",
    "zero-one-ai/Yi-34B-Chat",
    "claude-instant-v1",
    "gpt-3.5-turbo-1106",
    "claude-v1",
    "gpt-4-1106-preview",
  ],
} as const;
const MICROCENTS_PER_DOLLAR = 100_000_000;

/** Two tiers, or eight of the eleven. Rows without a score for each tier are skipped. */
export async function routerBench(place: DataPlace, count: keyof typeof TIERS): Promise<Table> {
  const names = TIERS[count];
  const file = { set: "routerbench", path: `llm_routerbench/${FILE}`, sha256: SHA256 };
  const builder = new TableBuilder(count === "two" ? "routerbench" : "routerbench-8", ["promptCharacters"], names);
  for (const row of records(await setText(file, place, "utf8"))) {
    const scores = names.map((name) => row[`score|${name}`] ?? "");
    if (scores.some((score) => !/^[01](\.[0-9]+)?$/.test(score))) {
      builder.leaveOut("a tier was not run on it");
      continue;
    }
    builder.add({
      features: [Number(row["prompt_chars"])],
      category: row["eval_name"] ?? "",
      text: row["prompt"] ?? "",
      outcomesBps: scores.map((score) => Math.round(Number(score) * 10_000)),
      costsMicrocents: names.map((name) => Math.ceil(Number(row[`cost_usd|${name}`]) * MICROCENTS_PER_DOLLAR)),
    });
  }
  return builder.finish({ isInTimeOrder: false });
}
