/**
 * RouterDC's second split: 20,600 questions from 16 files, answered by seven open language models of one price class
 * (NeurIPS 2024; no licence stated, never distributed).
 *
 * All tiers cost the same, so nothing can be saved: the set is judged by accuracy relative to the best single tier. Tiers
 * are in the order of their mean score, which is not known in advance; the last is the best single tier.
 * @module
 */
import { type Table, TableBuilder } from "@calybris/learning";
import { costOfCharacters, type DataPlace, records, setText } from "./set-file.ts";

const FILE = {
  set: "routerdc7",
  path: "llm_routerdc7/routerdc_split2_model7.csv.gz",
  sha256: "cd0c6fad7b42a42b073a66f6c0110b121456c7986637754b162ba7b123a5624c",
} as const;

const NAMES = [
  "itpossible/Chinese-Mistral-7B-v0.1",
  "mistralai/Mistral-7B-v0.1",
  "meta-llama/Meta-Llama-3-8B",
  "cognitivecomputations/dolphin-2.6-mistral-7b",
  "HuggingFaceH4/zephyr-7b-beta",
  "meta-math/MetaMath-Mistral-7B",
  "cognitivecomputations/dolphin-2.9-llama3-8b",
] as const;
const PRICE = { input: 0.2, output: 0.2 };

export async function routerDc7(place: DataPlace): Promise<Table> {
  const builder = new TableBuilder("routerdc7", ["promptCharacters"], NAMES);
  for (const row of records(await setText(FILE, place, "utf8"))) {
    const characters = Number(row["prompt_chars"]);
    builder.add({
      features: [characters],
      category: row["dataset"] ?? "",
      text: row["question"] ?? "",
      outcomesBps: NAMES.map((name) => Math.round(Number(row[`score|${name}`]) * 10_000)),
      costsMicrocents: NAMES.map(() => costOfCharacters(characters, 0, PRICE)),
    });
  }
  return builder.finish({ isInTimeOrder: false });
}
