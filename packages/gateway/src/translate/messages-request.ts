/**
 * Converts between requests of Anthropic's messages and calls.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import { type CallRequest, type Effort, EFFORTS, type Tool, type ToolChoice } from "./call-request.ts";
import { type ExactObject, requireTranslatable, untranslatable } from "./field-check.ts";
import { booleanAt, given, listAt, numberAt, objectAt, objectWith, onlyMembers, textAt } from "./json-access.ts";
import { readMessages, readSystem, writeMessages } from "./messages-turns.ts";
import type { AnswerDialect } from "../wire/dialect.ts";
import { MESSAGES_FIELDS } from "./request-fields.ts";

/** The last version with sampling parameters; the next answers 400 to `temperature` and `top_p`. */
export const SAMPLING_VERSION = "2023-06-01";
export const CURRENT_VERSION = "2026-10-21";

/** Anthropic's maximum; OpenAI's and Google's is 2. */
const TEMPERATURE_MAX = 1;

/** @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming what the target's dialect cannot express. */
export function readMessagesRequest(request: ExactObject, target: AnswerDialect): CallRequest {
  requireTranslatable(request, MESSAGES_FIELDS, target);
  const thinkingTokensMax = given(request["thinking"], "thinking", readThinking);
  const { tools, tool_choice: choice } = request;
  const output = objectWith(request["output_config"] ?? {}, "output_config", "effort", "format");
  const chosen = given(choice, "tool_choice", (value, path) =>
    objectWith(value, path, "type", "name", "disable_parallel_tool_use"),
  );
  const toolChoice = chosen && readToolChoice(chosen);
  const isSingle = given(chosen?.["disable_parallel_tool_use"], "tool_choice.disable_parallel_tool_use", booleanAt);
  const effort = given(output["effort"], "output_config.effort", readEffort);
  const format = given(output["format"], "output_config.format", (value, path) =>
    objectWith(value, path, "type", "schema"),
  );
  const temperature = given(request["temperature"], "temperature", numberAt);
  const topP = given(request["top_p"], "top_p", numberAt);
  const topK = given(request["top_k"], "top_k", numberAt);
  const user = given(
    objectWith(request["metadata"] ?? {}, "metadata", "user_id")["user_id"],
    "metadata.user_id",
    textAt,
  );
  return {
    dialect: "anthropic-messages",
    model: textAt(request["model"], "model"),
    turns: [...readSystem(request["system"]), ...readMessages(listAt(request["messages"], "messages"))],
    tools: (given(tools, "tools", listAt) ?? []).map(readTool),
    outputTokensMax: numberAt(request["max_tokens"] ?? null, "max_tokens"),
    stop: (given(request["stop_sequences"], "stop_sequences", listAt) ?? []).map((one) =>
      textAt(one, "stop_sequences"),
    ),
    isStreamed: given(request["stream"], "stream", booleanAt) ?? false,
    isUsageAsked: true,
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(isSingle === undefined ? {} : { isParallel: !isSingle }),
    ...(effort === undefined ? {} : { effort }),
    ...(format === undefined
      ? {}
      : { answerSchema: { name: "answer", schema: objectAt(format["schema"], "output_config.format.schema") } }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(thinkingTokensMax === undefined ? {} : { thinkingTokensMax }),
    ...(user === undefined ? {} : { user }),
  };
}

/** @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming what Anthropic's dialect cannot express. */
export function writeMessagesRequest(call: CallRequest, outputTokensMax: number): ExactObject {
  const { system, messages } = writeMessages(call.turns);
  // A higher temperature is not lowered, which would change the request.
  if ((call.temperature ?? 0) > TEMPERATURE_MAX) throw untranslatable("temperature", "is above 1");
  const toolChoice = writeToolChoice(call);
  const effort = call.effort === undefined ? {} : { effort: call.effort };
  const format = call.answerSchema && { format: { type: "json_schema", schema: call.answerSchema.schema } };
  return {
    model: call.model,
    max_tokens: Math.min(call.outputTokensMax ?? outputTokensMax, outputTokensMax),
    ...(system === undefined ? {} : { system }),
    messages,
    ...(call.tools.length === 0 ? {} : { tools: call.tools.map(writeTool) }),
    ...(toolChoice === undefined ? {} : { tool_choice: toolChoice }),
    ...(call.stop.length === 0 ? {} : { stop_sequences: call.stop }),
    ...(call.temperature === undefined ? {} : { temperature: call.temperature }),
    ...(call.topP === undefined ? {} : { top_p: call.topP }),
    ...(call.effort === undefined && format === undefined ? {} : { output_config: { ...effort, ...format } }),
    ...(call.user === undefined ? {} : { metadata: { user_id: call.user } }),
    ...(call.isStreamed ? { stream: true } : {}),
  };
}

/** The API version that a written request needs. */
export function versionFor({ temperature, topP }: CallRequest): string {
  return temperature === undefined && topP === undefined ? CURRENT_VERSION : SAMPLING_VERSION;
}

/**
 * The budget of thinking that the answer does not show. Shown thinking has blocks with signatures, which other dialects
 * lack.
 */
function readThinking(value: ExactJson, path: string): number | undefined {
  const { type, display, budget_tokens: budget } = objectAt(value, path);
  if (type === "disabled" || (type === "adaptive" && display === "omitted")) return undefined;
  if (type === "enabled" && display === "omitted") return numberAt(budget ?? null, `${path}.budget_tokens`);
  throw untranslatable(path, "asks for blocks that the other dialect does not have");
}

function readTool(tool: ExactJson, index: number): Tool {
  const path = `tools[${index}]`;
  const definition = objectAt(tool, path);
  const { type, name, description, input_schema: schema, strict } = definition;
  if (type !== undefined && type !== null && type !== "custom")
    throw untranslatable(`${path}.type`, "is a tool of Anthropic's own");
  // The other members are about streaming, caching and discovery, not about the tool itself.
  onlyMembers(
    definition,
    path,
    "type",
    "name",
    "description",
    "input_schema",
    "strict",
    "cache_control",
    "eager_input_streaming",
  );
  const text = given(description, `${path}.description`, textAt);
  const isStrict = given(strict, `${path}.strict`, booleanAt);
  return {
    name: textAt(name, `${path}.name`),
    schema: objectAt(schema, `${path}.input_schema`),
    ...(text === undefined ? {} : { description: text }),
    ...(isStrict === undefined ? {} : { isStrict }),
  };
}

function writeTool({ name, description, schema, isStrict }: Tool): ExactJson {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: schema["type"] === undefined ? { type: "object", ...schema } : schema,
    ...(isStrict === true ? { strict: true } : {}),
  };
}

function readToolChoice(choice: ExactObject): ToolChoice {
  const { type, name } = choice;
  if (type === "auto" || type === "none") return { kind: type };
  if (type === "any") return { kind: "required" };
  if (type !== "tool") throw untranslatable("tool_choice.type", "has no counterpart in the other dialect");
  return { kind: "named", name: textAt(name, "tool_choice.name") };
}

/** `none` has no other member. If nothing is chosen, `auto` carries the flag. Without tools there is no choice. */
function writeToolChoice({ tools, toolChoice, isParallel }: CallRequest): ExactJson | undefined {
  if (tools.length === 0) return undefined;
  if (toolChoice?.kind === "none") return { type: "none" };
  const flag = isParallel === false ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === undefined) return isParallel === false ? { type: "auto", ...flag } : undefined;
  if (toolChoice.kind === "named") return { type: "tool", name: toolChoice.name, ...flag };
  return { type: toolChoice.kind === "required" ? "any" : "auto", ...flag };
}

function readEffort(effort: ExactJson, path: string): Effort {
  const found = EFFORTS.find((one) => one === effort);
  if (found === undefined) throw untranslatable(path, "is an effort that the other dialect does not have");
  return found;
}
