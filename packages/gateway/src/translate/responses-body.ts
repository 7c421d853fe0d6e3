/**
 * Writes a call as a request of OpenAI's Responses. Nothing is stored there: the request contains the whole conversation.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { CallRequest, ImagePart, TextPart, Tool, ToolCallPart, ToolChoice, Turn } from "./call-request.ts";
import { requireUnsigned, resultText } from "./chat-messages.ts";
import { type ExactObject, exactText, untranslatable } from "./field-check.ts";

/** OpenAI's minimum output limit. */
const LIMIT_MIN = 16;

/** @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming what OpenAI's Responses cannot express. */
export function writeResponsesRequest(call: CallRequest, outputTokensMax: number): ExactObject {
  if ((call.outputTokensMax ?? LIMIT_MIN) < LIMIT_MIN)
    throw untranslatable("max_tokens", `is below ${LIMIT_MIN}, which the provider does not take`);
  if (call.thinkingTokensMax !== undefined) throw untranslatable("thinking", "has no counterpart in the other dialect");
  const { tools, toolChoice, isParallel, answerSchema, verbosity } = call;
  const format = answerSchema && { format: { type: "json_schema", ...answerSchema, strict: true } };
  return {
    model: call.model,
    input: call.turns.flatMap(itemsOf),
    // OpenAI stores answers by default.
    store: false,
    max_output_tokens: Math.min(call.outputTokensMax ?? outputTokensMax, outputTokensMax),
    ...(tools.length === 0 ? {} : { tools: tools.map(writeTool) }),
    ...(toolChoice === undefined || tools.length === 0 ? {} : { tool_choice: writeToolChoice(toolChoice) }),
    ...(isParallel === undefined || tools.length === 0 ? {} : { parallel_tool_calls: isParallel }),
    ...(call.temperature === undefined ? {} : { temperature: call.temperature }),
    ...(call.topP === undefined ? {} : { top_p: call.topP }),
    ...(call.effort === undefined ? {} : { reasoning: { effort: call.effort } }),
    ...(format === undefined && verbosity === undefined
      ? {}
      : { text: { ...format, ...(verbosity === undefined ? {} : { verbosity }) } }),
    ...(call.user === undefined ? {} : { user: call.user }),
    ...(call.isStreamed ? { stream: true } : {}),
  };
}

/** Tool results come before the user's text, as in a chat completion. */
function itemsOf(turn: Turn): readonly ExactJson[] {
  if (turn.role === "instructions") return [{ role: "system", content: contentOf(turn.parts) }];
  if (turn.role === "assistant") return assistantItems(turn.parts);
  const results = turn.parts.filter((part) => part.kind === "tool result");
  const words = turn.parts.filter((part) => part.kind !== "tool result");
  return [
    ...results.map((result) => ({
      type: "function_call_output",
      call_id: result.callId,
      output: resultText(result),
    })),
    ...(words.length === 0 ? [] : [{ role: "user", content: contentOf(words) }]),
  ];
}

/** Each text is a separate message, because a list of assistant content would need the IDs of the original answer. */
function assistantItems(parts: readonly (TextPart | ToolCallPart)[]): readonly ExactJson[] {
  requireUnsigned(parts.filter((part) => part.kind === "tool call"));
  return parts.map((part) =>
    part.kind === "text"
      ? { role: "assistant", content: part.text }
      : { type: "function_call", call_id: part.id, name: part.name, arguments: exactText(part.input) },
  );
}

function contentOf(parts: readonly (TextPart | ImagePart)[]): ExactJson {
  const [first] = parts;
  if (first === undefined) return "";
  if (parts.length === 1 && first.kind === "text") return first.text;
  return parts.map((part): ExactJson => {
    if (part.kind === "text") return { type: "input_text", text: part.text };
    const { source } = part;
    const url = "url" in source ? source.url : `data:${source.mediaType};base64,${source.data}`;
    return { type: "input_image", image_url: url, detail: "auto" };
  });
}

/** `strict` is always written: it defaults to false in the other dialects, but to true here. */
function writeTool({ name, description, schema, isStrict = false }: Tool): ExactJson {
  return {
    type: "function",
    name,
    ...(description === undefined ? {} : { description }),
    parameters: schema,
    strict: isStrict,
  };
}

function writeToolChoice(choice: ToolChoice): ExactJson {
  return choice.kind === "named" ? { type: "function", name: choice.name } : choice.kind;
}
