/**
 * Converts between requests of OpenAI's chat completions and calls.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import {
  type CallRequest,
  type Effort,
  EFFORTS,
  type Tool,
  type ToolChoice,
  VERBOSITIES,
  type Verbosity,
} from "./call-request.ts";
import { chatMessages, readChatMessages } from "./chat-messages.ts";
import { type ExactObject, requireTranslatable, untranslatable } from "./field-check.ts";
import { booleanAt, given, listAt, numberAt, objectAt, objectWith, onlyMembers, textAt } from "./json-access.ts";
import type { AnswerDialect } from "../wire/dialect.ts";
import { CHAT_FIELDS } from "./request-fields.ts";

/** OpenAI's limit. */
const STOPS_MAX = 4;

/** @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming what the target's dialect cannot express. */
export function readChatRequest(request: ExactObject, target: AnswerDialect): CallRequest {
  requireTranslatable(request, CHAT_FIELDS, target);
  const { tools, stop, response_format: format, stream_options: options } = request;
  const limits = ["max_completion_tokens", "max_tokens"].flatMap((name) => given(request[name], name, numberAt) ?? []);
  const user = given(request["user"], "user", textAt);
  const toolChoice = given(request["tool_choice"], "tool_choice", readToolChoice);
  const isParallel = given(request["parallel_tool_calls"], "parallel_tool_calls", booleanAt);
  const effort = given(request["reasoning_effort"], "reasoning_effort", readEffort);
  const temperature = given(request["temperature"], "temperature", numberAt);
  const topP = given(request["top_p"], "top_p", numberAt);
  const seed = given(request["seed"], "seed", numberAt);
  const answerSchema = given(format, "response_format", readFormat);
  const verbosity = given(request["verbosity"], "verbosity", readVerbosity);
  const usageAsked = given(options, "stream_options", (value, path) => readStreamOptions(value, path)["include_usage"]);
  return {
    dialect: "openai-chat",
    model: textAt(request["model"], "model"),
    turns: readChatMessages(listAt(request["messages"], "messages")),
    tools: (given(tools, "tools", listAt) ?? []).map(readTool),
    stop:
      given(stop, "stop", (value, path) =>
        typeof value === "string" ? [value] : listAt(value, path).map((one) => textAt(one, path)),
      ) ?? [],
    isStreamed: given(request["stream"], "stream", booleanAt) ?? false,
    isUsageAsked: usageAsked === true,
    ...(limits.length === 0 ? {} : { outputTokensMax: Math.min(...limits) }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(isParallel === undefined ? {} : { isParallel }),
    ...(effort === undefined ? {} : { effort }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(answerSchema === undefined ? {} : { answerSchema }),
    ...(verbosity === undefined ? {} : { verbosity }),
    ...(user === undefined ? {} : { user }),
  };
}

/**
 * @param limitField - the host's name of the output limit.
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming what OpenAI's dialect cannot express.
 */
export function writeChatRequest(call: CallRequest, limitField: "max_completion_tokens" | "max_tokens"): ExactObject {
  if (call.stop.length > STOPS_MAX) throw untranslatable("stop_sequences", `are more than ${STOPS_MAX}`);
  if (call.thinkingTokensMax !== undefined) throw untranslatable("thinking", "has no counterpart in the other dialect");
  const { tools, toolChoice, isParallel, answerSchema } = call;
  return {
    model: call.model,
    messages: chatMessages(call.turns),
    ...(call.outputTokensMax === undefined ? {} : { [limitField]: call.outputTokensMax }),
    ...(tools.length === 0 ? {} : { tools: tools.map(writeTool) }),
    ...(toolChoice === undefined || tools.length === 0 ? {} : { tool_choice: writeToolChoice(toolChoice) }),
    ...(isParallel === undefined || tools.length === 0 ? {} : { parallel_tool_calls: isParallel }),
    ...(call.stop.length === 0 ? {} : { stop: call.stop }),
    ...(call.temperature === undefined ? {} : { temperature: call.temperature }),
    ...(call.topP === undefined ? {} : { top_p: call.topP }),
    ...(call.effort === undefined ? {} : { reasoning_effort: call.effort }),
    ...(answerSchema === undefined
      ? {}
      : { response_format: { type: "json_schema", json_schema: { ...answerSchema, strict: true } } }),
    ...(call.user === undefined ? {} : { user: call.user }),
    ...(call.isStreamed ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
}

function readTool(tool: ExactJson, index: number): Tool {
  const path = `tools[${index}]`;
  const { type, function: definition, ...rest } = objectAt(tool, path);
  if (type !== "function") throw untranslatable(`${path}.type`, "is not function");
  onlyMembers(rest, path, "cache_control");
  const inner = objectWith(definition, `${path}.function`, "name", "description", "parameters", "strict");
  const description = given(inner["description"], `${path}.function.description`, textAt);
  const isStrict = given(inner["strict"], `${path}.function.strict`, booleanAt);
  return {
    name: textAt(inner["name"], `${path}.function.name`),
    schema: given(inner["parameters"], `${path}.function.parameters`, objectAt) ?? {},
    ...(description === undefined ? {} : { description }),
    ...(isStrict === undefined ? {} : { isStrict }),
  };
}

function writeTool({ name, description, schema, isStrict }: Tool): ExactJson {
  return {
    type: "function",
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: schema,
      ...(isStrict === undefined ? {} : { strict: isStrict }),
    },
  };
}

function readToolChoice(choice: ExactJson, path: string): ToolChoice {
  if (choice === "auto" || choice === "none" || choice === "required") return { kind: choice };
  const { type, function: named } = objectAt(choice, path);
  if (type !== "function") throw untranslatable(path, "chooses among tools in a way that the other dialect cannot");
  return {
    kind: "named",
    name: textAt(objectWith(named, `${path}.function`, "name")["name"], `${path}.function.name`),
  };
}

function writeToolChoice(choice: ToolChoice): ExactJson {
  return choice.kind === "named" ? { type: "function", function: { name: choice.name } } : choice.kind;
}

function readEffort(effort: ExactJson, path: string): Effort {
  const found = EFFORTS.find((one) => one === effort);
  if (found === undefined) throw untranslatable(path, "is an effort that the other dialect does not have");
  return found;
}

export function readVerbosity(verbosity: ExactJson, path: string): Verbosity {
  const found = VERBOSITIES.find((one) => one === verbosity);
  if (found === undefined) throw untranslatable(path, "is a verbosity that the other dialect does not have");
  return found;
}

/** `include_obfuscation` (padding against eavesdroppers) is ignored: it concerns only OpenAI and its client. */
function readStreamOptions(options: ExactJson, path: string): ExactObject {
  return objectWith(options, path, "include_usage", "include_obfuscation");
}

function readFormat(format: ExactJson, path: string): CallRequest["answerSchema"] {
  const { type, json_schema: definition } = objectAt(format, path);
  if (type === "text") return undefined;
  if (type !== "json_schema") throw untranslatable(`${path}.type`, "has no counterpart in the other dialect");
  // Name and description do not constrain the answer. `strict` does, but Anthropic's schemas are always strict.
  const { name, schema } = objectWith(definition, `${path}.json_schema`, "name", "schema", "strict", "description");
  return { name: textAt(name, `${path}.json_schema.name`), schema: objectAt(schema, `${path}.json_schema.schema`) };
}
