/**
 * Reads a request of OpenAI's Responses as a call. It must contain the conversation, because stored ones are only at OpenAI.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { AnswerDialect } from "../wire/dialect.ts";
import { type CallRequest, type Effort, EFFORTS, type Tool, type ToolChoice, type Turn } from "./call-request.ts";
import { type ExactObject, requireTranslatable, untranslatable } from "./field-check.ts";
import { booleanAt, given, listAt, numberAt, objectAt, objectWith, onlyMembers, textAt } from "./json-access.ts";
import { RESPONSES_FIELDS } from "./request-fields.ts";
import { readItems } from "./responses-items.ts";

/** Values of `include` that are empty for answers of other dialects, and so are ignored. */
const EMPTY_INCLUDES: ReadonlySet<ExactJson> = new Set<ExactJson>([
  "reasoning.encrypted_content",
  "web_search_call.action.sources",
  "web_search_call.results",
  "code_interpreter_call.outputs",
  "computer_call_output.output.image_url",
  "file_search_call.results",
  "message.input_image.image_url",
]);

/** @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming what the target's dialect cannot express. */
export function readResponsesRequest(request: ExactObject, target: AnswerDialect): CallRequest {
  requireTranslatable(request, RESPONSES_FIELDS, target);
  for (const one of given(request["include"], "include", listAt) ?? [])
    if (!EMPTY_INCLUDES.has(one)) throw untranslatable("include", `asks for ${String(one)}`);
  const { tools } = request;
  const limit = given(request["max_output_tokens"], "max_output_tokens", numberAt);
  const toolChoice = given(request["tool_choice"], "tool_choice", readToolChoice);
  const isParallel = given(request["parallel_tool_calls"], "parallel_tool_calls", booleanAt);
  const effort = given(request["reasoning"], "reasoning", readReasoning);
  const answerSchema = given(request["text"], "text", readText);
  const temperature = given(request["temperature"], "temperature", numberAt);
  const topP = given(request["top_p"], "top_p", numberAt);
  const user = given(request["user"], "user", textAt);
  return {
    dialect: "openai-responses",
    model: textAt(request["model"], "model"),
    turns: [...instructionsOf(request["instructions"]), ...readItems(request["input"])],
    tools: (given(tools, "tools", listAt) ?? []).map(readTool),
    stop: [],
    isStreamed: given(request["stream"], "stream", booleanAt) ?? false,
    isUsageAsked: true,
    ...(limit === undefined ? {} : { outputTokensMax: limit }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(isParallel === undefined ? {} : { isParallel }),
    ...(effort === undefined ? {} : { effort }),
    ...(answerSchema === undefined ? {} : { answerSchema }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(user === undefined ? {} : { user }),
  };
}

function instructionsOf(value: ExactJson | undefined): readonly Turn[] {
  const text = given(value, "instructions", textAt) ?? "";
  return text === "" ? [] : [{ role: "instructions", parts: [{ kind: "text", text }] }];
}

function readTool(tool: ExactJson, index: number): Tool {
  const path = `tools[${index}]`;
  const definition = objectAt(tool, path);
  if (definition["type"] !== "function") throw untranslatable(`${path}.type`, "is not function");
  onlyMembers(definition, path, "type", "name", "description", "parameters", "strict");
  const description = given(definition["description"], `${path}.description`, textAt);
  const isStrict = given(definition["strict"], `${path}.strict`, booleanAt);
  return {
    name: textAt(definition["name"], `${path}.name`),
    schema: given(definition["parameters"], `${path}.parameters`, objectAt) ?? {},
    ...(description === undefined ? {} : { description }),
    ...(isStrict === undefined ? {} : { isStrict }),
  };
}

function readToolChoice(choice: ExactJson, path: string): ToolChoice {
  if (choice === "auto" || choice === "none" || choice === "required") return { kind: choice };
  const { type, name } = objectWith(choice, path, "type", "name");
  if (type !== "function") throw untranslatable(path, "chooses among tools in a way that the other dialect cannot");
  return { kind: "named", name: textAt(name, `${path}.name`) };
}

/** The settings of summaries are ignored: reasoning stays at its provider, so there is nothing to summarize. */
function readReasoning(reasoning: ExactJson, path: string): Effort | undefined {
  const { effort } = objectWith(reasoning, path, "effort", "summary", "generate_summary");
  return given(effort, `${path}.effort`, (value, inner) => {
    const found = EFFORTS.find((one) => one === value);
    if (found === undefined) throw untranslatable(inner, "is an effort that the other dialect does not have");
    return found;
  });
}

function readText(text: ExactJson, path: string): CallRequest["answerSchema"] {
  const { format, verbosity } = objectWith(text, path, "format", "verbosity");
  if ((verbosity ?? null) !== null && verbosity !== "medium")
    throw untranslatable(`${path}.verbosity`, "has no counterpart in the other dialect");
  return given(format, `${path}.format`, (value, inner) => {
    const { type, name, schema } = objectWith(value, inner, "type", "name", "schema", "strict", "description");
    if (type === "text") return undefined;
    if (type !== "json_schema") throw untranslatable(`${inner}.type`, "has no counterpart in the other dialect");
    return { name: textAt(name, `${inner}.name`), schema: objectAt(schema, `${inner}.schema`) };
  });
}
