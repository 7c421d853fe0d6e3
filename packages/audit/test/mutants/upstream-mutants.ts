/**
 * Planted bugs between the gateway and providers of other dialects, and of what it learns and keeps from call to call.
 * @module
 */
import type { Mutant } from "./mutants.ts";

const RESPONSES = "gateway/test/translate/responses-upstream.test.ts";
const CASES = "gateway/test/calls/shared-cases.test.ts";
const USAGE = "gateway/test/usage/usage-reader.test.ts";
const ESTIMATOR = "gateway/src/reserve/usage-estimator.ts";
const ESTIMATOR_TEST = "gateway/test/reserve/usage-estimator.test.ts";
const RELOADED = "gateway/test/calls/reloaded.test.ts";

export const UPSTREAM_MUTANTS: readonly Mutant[] = [
  {
    name: "a chat completion that is asked of Responses is stored there",
    file: "gateway/src/translate/responses-body.ts",
    find: "store: false,",
    replace: "store: true,",
    test: RESPONSES,
    title: "is stored nowhere",
  },
  {
    name: "a tool becomes strict on the way to Responses",
    file: "gateway/src/translate/responses-body.ts",
    find: "isStrict = false }",
    replace: "isStrict = true }",
    test: RESPONSES,
    title: "is stored nowhere",
  },
  {
    name: "a response that calls tools ends like an answer",
    file: "gateway/src/translate/stop-reasons.ts",
    find: 'return { reason: hasCalls ? "tool_calls" : "stop", isUnknown: false };',
    replace: 'return { reason: "stop", isUnknown: hasCalls };',
    test: RESPONSES,
    title: "has calls of tools side by side",
  },
  {
    name: "an item of a response is said in pieces and again at its end",
    file: "gateway/src/translate/response-chunks.ts",
    find: "if (this.#isFailed || this.#begun.has(place)) return begun;",
    replace: "if (this.#isFailed) return begun;",
    test: RESPONSES,
    title: "has its text, its end and its usage",
  },
  {
    name: "a tool that OpenAI runs is left out of a translated response",
    file: "gateway/src/translate/response-chunks.ts",
    find: 'type === "reasoning" || this.#tools.has(place)) return [];',
    replace: 'type === "reasoning" || type === "web_search_call" || this.#tools.has(place)) return [];',
    test: RESPONSES,
    title: "ends with an error in both dialects",
  },
  {
    name: "vectors of some of the texts are an answer",
    file: "gateway/src/translate/gemini-embeddings.ts",
    find: "if (vectors.length !== count)",
    replace: "if (vectors.length > count)",
    test: CASES,
    title: "embeddings-of-google/one-vector",
  },
  {
    name: "Google's thoughts cost nothing",
    file: "gateway/src/usage/gemini-usage.ts",
    find: 'counts.of("candidatesTokenCount") + reasoningTokens;',
    replace: 'counts.of("candidatesTokenCount");',
    test: USAGE,
    title: "adds thoughts to the output",
  },
  {
    name: "what Google's tools read costs nothing",
    file: "gateway/src/usage/gemini-usage.ts",
    find: 'const inputTokens = prompt + counts.of("toolUsePromptTokenCount");',
    replace: "const inputTokens = prompt;",
    test: USAGE,
    title: "adds thoughts to the output",
  },
  {
    name: "an estimate is made before its miss rate can be seen",
    file: ESTIMATOR,
    find: "Math.ceil(((calls + 1) * shareBps) / BPS)",
    replace: "Math.ceil((calls * shareBps) / BPS)",
    test: ESTIMATOR_TEST,
    title: "as its miss rate can be seen in",
  },
  {
    name: "a reload ends what is under way",
    file: "gateway/src/calls/retired-upstreams.ts",
    find: "      }, this.#callMsMax);",
    replace: "      }, Math.min(0, this.#callMsMax));",
    test: RELOADED,
    title: "a stream that is under way",
  },
  {
    name: "embeddings are moved to another model",
    file: "gateway/src/calls/bound-lanes.ts",
    find: 'if (client.dialect === "openai-embeddings") return requireAsked(lanes);',
    replace: 'if (client.dialect === "openai-embeddings" && lanes.length === 0) return requireAsked(lanes);',
    test: "gateway/test/calls/gates.test.ts",
    title: "of embeddings runs",
  },
  {
    name: "a canary's tenant is bound by the active policy",
    file: "gateway/src/calls/begin-call.ts",
    find: "engine.rollout.policyFor(tenant);",
    replace: "engine.rollout.policyFor(undefined);",
    test: "gateway/test/calls/changed-policy.test.ts",
    title: "a canary",
  },
];
