/**
 * Request sizes for the spending benchmark, from every public data set that records them.
 * @module
 */
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { azureTraces } from "../datasets/azure-traces.ts";
import { readChecked } from "../datasets/checked-file.ts";

export interface SizedRequest {
  readonly inputTokens: number;
  /** Omitted if the data set has none; the use case's value applies then. */
  readonly outputTokens?: number;
}

export interface RequestSet {
  readonly name: string;
  readonly requests: readonly SizedRequest[];
}

/** Data sets with prompt lengths in characters. */
const PROMPTS = [
  {
    name: "MMLU-Pro prompts",
    file: "llm_mmlu_pro/prompts.csv.gz",
    sha256: "431b5d94dad919ee49667e652006709d6bd1ea229d9bed7c23b4c91b20d6a4ce",
    column: "input_chars",
  },
  {
    name: "RouterBench prompts",
    file: "llm_routerbench/routerbench_subset.csv.gz",
    sha256: "8e2a1bcde27220a130566573dd1771dd2b2c250e5098209bdccb88d7b53f8945",
    column: "prompt_chars",
  },
  {
    name: "RouterDC prompts",
    file: "llm_routerdc7/routerdc_split2_model7.csv.gz",
    sha256: "cd0c6fad7b42a42b073a66f6c0110b121456c7986637754b162ba7b123a5624c",
    column: "prompt_chars",
  },
  {
    name: "RouteLLM prompts",
    file: "llm_routellm/routellm_gsm8k_mmlu.csv.gz",
    sha256: "fae4c14f2e3d467439271466e387ba431883fde99f09a92370b46eadda42db80",
    column: "prompt_chars",
  },
] as const;

const MOONCAKE = {
  file: "traces/mooncake_synthetic_trace.jsonl.gz",
  sha256: "06a1ba7f8991791d0f504774265a498816ed9d35522cd6a5337a738bc5b5f1ea",
} as const;

/** English prose has about four characters a token. */
const CHARACTERS_PER_TOKEN = 4;
const EVERYDAY_COUNT = 100;

/** A hundred requests of usual sizes, for use without the data sets. */
export function everydayRequests(): RequestSet {
  const requests = Array.from({ length: EVERYDAY_COUNT }, (_, index) => ({
    inputTokens: 37 * index,
    outputTokens: 11 * index,
  }));
  return { name: "everyday sizes", requests };
}

/** The data sets in a folder, the Azure traces first. Throws if a file is missing, or differs from the published one. */
export async function requestSets(directory: string): Promise<readonly RequestSet[]> {
  const azure = { name: "Azure traces", requests: await azureTraces(directory) };
  const prompts = PROMPTS.map(async ({ name, file, sha256, column }) => {
    const rows = parse(await readChecked(join(directory, file), sha256), { columns: true }) as readonly Record<
      string,
      string
    >[];
    const requests = rows.map((row) => ({ inputTokens: Math.ceil(Number(row[column]) / CHARACTERS_PER_TOKEN) }));
    return { name, requests };
  });
  return [azure, await mooncake(directory), ...(await Promise.all(prompts))];
}

async function mooncake(directory: string): Promise<RequestSet> {
  const lines = (await readChecked(join(directory, MOONCAKE.file), MOONCAKE.sha256)).trimEnd().split("\n");
  const requests = lines.map((line) => {
    const row = JSON.parse(line) as { readonly input_length: number; readonly output_length: number };
    return { inputTokens: row.input_length, outputTokens: row.output_length };
  });
  return { name: "Mooncake trace", requests };
}
