/**
 * Writes a call as a request of Google's `generateContent`. The model is in the path, not in the body.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { CallRequest, Effort, Tool } from "./call-request.ts";
import { type ExactObject, untranslatable } from "./field-check.ts";
import { writeContents } from "./gemini-contents.ts";
import { requireEnforced } from "./gemini-schema.ts";

const STOPS_MAX = 5;
const INT32_MAX = 2 ** 31 - 1;
const FUNCTION_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;

/** Models from this generation on accept thinking levels, require signatures, and support a schema together with tools. */
const LEVELS_SINCE = 3;

/** Google's mapping of OpenAI's efforts, for models with a thinking budget (ai.google.dev/gemini-api/docs/openai). */
const BUDGETS: { readonly [Level in Effort]?: number } = { low: 1_024, medium: 8_192, high: 24_576 };
const LEVELS: ReadonlySet<Effort> = new Set<Effort>(["low", "medium", "high"]);

/** The client's field names, by their names in a call. */
const NAMES = {
  "openai-chat": {
    stop: "stop",
    parallel: "parallel_tool_calls",
    effort: "reasoning_effort",
    format: "response_format",
  },
  "anthropic-messages": {
    stop: "stop_sequences",
    parallel: "tool_choice.disable_parallel_tool_use",
    effort: "output_config.effort",
    format: "output_config.format",
  },
  "openai-responses": {
    stop: "stop",
    parallel: "parallel_tool_calls",
    effort: "reasoning.effort",
    format: "text.format",
  },
  "openai-embeddings": { stop: "stop", parallel: "", effort: "", format: "" },
} as const;

/** The generation in a model's ID, such as 2 in `gemini-2.5-pro`; `undefined` for an ID of a different form. */
export function geminiGeneration(model: string): number | undefined {
  const digits = /(?:^|\/)gemini-(\d{1,3})\b/.exec(model)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The path of a model below the provider's base URL. */
export function geminiModelPath(model: string): string {
  return `/models/${encodeURIComponent(model.replace(/^models\//, ""))}`;
}

/** The path for calls of a model below the provider's base URL. */
export function geminiPath(model: string, isStreamed: boolean): string {
  return `${geminiModelPath(model)}:${isStreamed ? "streamGenerateContent?alt=sse" : "generateContent"}`;
}

/** @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming what Google's dialect cannot express. */
export function writeGeminiRequest(call: CallRequest, outputTokensMax: number): ExactObject {
  const { tools, stop, seed, topK } = call;
  const names = NAMES[call.dialect];
  const generation = geminiGeneration(call.model);
  if (stop.length > STOPS_MAX) throw untranslatable(names.stop, `are more than ${STOPS_MAX}`);
  if (seed !== undefined && !(Number.isInteger(seed) && Math.abs(seed) <= INT32_MAX))
    throw untranslatable("seed", "is not a 32-bit integer");
  const thinking = thinkingOf(call, generation);
  const config = {
    maxOutputTokens: Math.min(call.outputTokensMax ?? outputTokensMax, outputTokensMax),
    ...(call.temperature === undefined ? {} : { temperature: call.temperature }),
    ...(call.topP === undefined ? {} : { topP: call.topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop.length === 0 ? {} : { stopSequences: stop }),
    ...(thinking === undefined ? {} : { thinkingConfig: thinking }),
    ...formatOf(call, generation),
  };
  const toolConfig = toolConfigOf(call);
  return {
    ...writeContents(call.turns, (generation ?? 0) >= LEVELS_SINCE),
    ...(tools.length === 0 ? {} : { tools: [{ functionDeclarations: tools.map(writeTool) }] }),
    ...(toolConfig === undefined ? {} : { toolConfig: { functionCallingConfig: toolConfig } }),
    generationConfig: config,
  };
}

function writeTool({ name, description, schema, isStrict }: Tool, index: number): ExactJson {
  if (!FUNCTION_NAME.test(name)) throw untranslatable(`tools[${index}].name`, "is not a valid function name at Google");
  if (isStrict === true) requireEnforced(schema, `tools[${index}].schema`);
  // A function without parameters has no schema.
  const isEmpty = Object.keys(schema).length === 0;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(isEmpty ? {} : { parametersJsonSchema: schema }),
  };
}

/** The mode that enforces the arguments' schema corresponds to `strict`; a forced call always enforces it. */
function toolConfigOf({ tools, toolChoice, isParallel, dialect }: CallRequest): ExactObject | undefined {
  if (tools.length === 0) return undefined;
  if (toolChoice?.kind === "none") return { mode: "NONE" };
  if (isParallel === false) throw untranslatable(NAMES[dialect].parallel, "has no counterpart at Google");
  if (toolChoice?.kind === "required") return { mode: "ANY" };
  if (toolChoice?.kind === "named") return { mode: "ANY", allowedFunctionNames: [toolChoice.name] };
  if (tools.some(({ isStrict }) => isStrict === true)) return { mode: "VALIDATED" };
  return toolChoice === undefined ? undefined : { mode: "AUTO" };
}

function thinkingOf(
  { effort, thinkingTokensMax, dialect }: CallRequest,
  generation: number | undefined,
): ExactObject | undefined {
  if (thinkingTokensMax !== undefined) {
    if (generation !== 2) throw untranslatable("thinking", "has a budget, which the model does not take");
    return { thinkingBudget: thinkingTokensMax };
  }
  if (effort === undefined) return undefined;
  const { effort: name } = NAMES[dialect];
  if (generation === undefined) throw untranslatable(name, "is not known to be taken by the model");
  const budget = BUDGETS[effort];
  if (generation < LEVELS_SINCE && budget !== undefined) return { thinkingBudget: budget };
  if (generation >= LEVELS_SINCE && LEVELS.has(effort)) return { thinkingLevel: effort.toUpperCase() };
  throw untranslatable(name, `is ${effort}, which the model does not have`);
}

function formatOf(
  { answerSchema, tools, toolChoice, dialect }: CallRequest,
  generation: number | undefined,
): ExactObject {
  if (answerSchema === undefined) return {};
  const { format } = NAMES[dialect];
  const isForced = toolChoice?.kind === "required" || toolChoice?.kind === "named";
  if (tools.length > 0 && (isForced || (generation ?? 0) < LEVELS_SINCE))
    throw untranslatable(format, "is not taken beside tools by the model");
  requireEnforced(answerSchema.schema, `${format}.schema`);
  return { responseMimeType: "application/json", responseJsonSchema: answerSchema.schema };
}
