/**
 * RouteLLM's tables: GSM8K (1,319 prompts) and MMLU (14,042), answered by Mixtral-8x7B and GPT-4-1106 (LMSYS, Apache-2.0).
 *
 * Cost is price times characters / 4, at the catalog's prices. MMLU's answers are one letter.
 * @module
 */
import { type Table, TableBuilder } from "@calybris/learning";
import { costOfCharacters, type DataPlace, outcomeBps, records, setText } from "./set-file.ts";

const FILE = {
  set: "routellm",
  path: "llm_routellm/routellm_gsm8k_mmlu.csv.gz",
  sha256: "fae4c14f2e3d467439271466e387ba431883fde99f09a92370b46eadda42db80",
} as const;

const TIERS = [
  { name: "mixtral-8x7b-instruct-v0.1", price: { input: 0.6, output: 0.6 } },
  { name: "gpt-4-1106-preview", price: { input: 10, output: 30 } },
] as const;

export async function routeLlm(place: DataPlace, benchmark: "gsm8k" | "mmlu"): Promise<Table> {
  const names = TIERS.map(({ name }) => name);
  const builder = new TableBuilder(`routellm-${benchmark}`, ["promptCharacters"], names);
  for (const row of records(await setText(FILE, place, "utf8"))) {
    if (row["benchmark"] !== benchmark) continue;
    const characters = Number(row["prompt_chars"]);
    builder.add({
      features: [characters],
      category: row["category"] ?? "",
      text: row["prompt"] ?? "",
      outcomesBps: names.map((name) => outcomeBps(row[`correct|${name}`] === "1")),
      costsMicrocents: TIERS.map(({ name, price }) =>
        costOfCharacters(characters, Number(row[`response_chars|${name}`] || "1"), price),
      ),
    });
  }
  return builder.finish({ isInTimeOrder: false });
}
