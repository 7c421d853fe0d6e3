/**
 * Recorded traffic beside the documents, where the data sets are available.
 * @module
 */
import type { ClientRequest } from "@calybris/engine";
import { countTokens } from "gpt-tokenizer";
import { azureTraces } from "../../datasets/azure-traces.ts";
import { routerBenchPrompts } from "../../datasets/routerbench.ts";
import { PREMIUM } from "./requests.ts";

export interface Recorded {
  readonly what: string;
  readonly load: (dataDirectory: string) => Promise<readonly ClientRequest[]>;
}

export const RECORDED: readonly Recorded[] = [
  {
    what: "Azure LLM inference traces, production requests for code and conversation",
    load: async (dataDirectory) =>
      (await azureTraces(dataDirectory)).map(({ kind, inputTokens, outputTokens }, index) => ({
        requestId: `azure:${index + 1}`,
        useCase: kind,
        requested: PREMIUM,
        inputTokens,
        outputTokens,
      })),
  },
  {
    what: "RouterBench prompts of ARC-Challenge, MBPP and Winogrande",
    load: async (dataDirectory) =>
      (await routerBenchPrompts(dataDirectory)).map(({ prompt }, index) => ({
        requestId: `bench:${index + 1}`,
        useCase: "benchmark",
        requested: PREMIUM,
        inputTokens: countTokens(prompt, { disallowedSpecial: new Set() }),
      })),
  },
];
