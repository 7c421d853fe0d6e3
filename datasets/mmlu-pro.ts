/**
 * MMLU-Pro: 12,032 questions answered by 29 language models; two pairs of them serve as cheap and premium tiers.
 *
 * Recorded answers of TIGER-Lab's evaluation (Apache-2.0, questions MIT). Cost is price times characters / 4, at the
 * catalog's prices. An empty cell was not run, and its row is skipped.
 * @module
 */
import { type Table, TableBuilder } from "@calybris/learning";
import { costOfCharacters, type DataPlace, knownText, outcomeBps, records, setText } from "./set-file.ts";

const PROMPTS = {
  set: "mmlu-pro",
  path: "llm_mmlu_pro/prompts.csv.gz",
  sha256: "431b5d94dad919ee49667e652006709d6bd1ea229d9bed7c23b4c91b20d6a4ce",
} as const;
const OUTCOMES = {
  set: "mmlu-pro",
  path: "llm_mmlu_pro/outcomes.csv.gz",
  sha256: "add8e0d782fd47e3baad5eb7b4c9b2e29957ac0f53934c7c292371799ac0773a",
} as const;
const LENGTHS = {
  set: "mmlu-pro",
  path: "llm_mmlu_pro/output_chars.csv.gz",
  sha256: "eb2578132e454fa042712b0b4ae73cc4aba60c7f0245303e29df2b7548120573",
} as const;

/** Prices in dollars per million tokens, as in the set's own models.csv. */
const PAIRS = {
  gemini: [
    { name: "gemini-1.5-flash-002", price: { input: 0.075, output: 0.3 } },
    { name: "gemini-1.5-pro-002", price: { input: 1.25, output: 5 } },
  ],
  llama: [
    { name: "Meta-Llama-3.1-8B-Instruct", price: { input: 0.18, output: 0.18 } },
    { name: "Meta-Llama-3.1-70B-Instruct", price: { input: 0.88, output: 0.88 } },
  ],
} as const;

export async function mmluPro(place: DataPlace, pair: keyof typeof PAIRS): Promise<Table> {
  const tiers = PAIRS[pair];
  const prompts = records(await setText(PROMPTS, place, "utf8"));
  const outcomes = byId(await knownText(OUTCOMES, place));
  const lengths = byId(await knownText(LENGTHS, place));
  const builder = new TableBuilder(
    `mmlu-pro-${pair}`,
    ["promptCharacters", "optionCount", "questionCharacters"],
    tiers.map(({ name }) => name),
  );
  for (const prompt of prompts) {
    const id = prompt["question_id"] ?? "";
    const cells = tiers.map(({ name }) => outcomes.get(id)?.[name] ?? "");
    if (cells.includes("")) {
      builder.leaveOut("a tier was not run on it");
      continue;
    }
    const inputCharacters = Number(prompt["input_chars"]);
    const question = prompt["question"] ?? "";
    builder.add({
      features: [inputCharacters, Number(prompt["n_options"]), question.length],
      category: prompt["category"] ?? "",
      text: `${question}\n${prompt["options"] ?? ""}`,
      outcomesBps: cells.map((cell) => outcomeBps(cell === "1")),
      costsMicrocents: tiers.map(({ name, price }) =>
        costOfCharacters(inputCharacters, Number(lengths.get(id)?.[name] ?? 0), price),
      ),
    });
  }
  return builder.finish({ isInTimeOrder: false });
}

function byId(text: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  return new Map(records(text).map((row) => [row["question_id"] ?? "", row]));
}
