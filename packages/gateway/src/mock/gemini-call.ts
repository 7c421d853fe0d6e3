/**
 * Google's requests in the mock: validated against Google's field names, and translated to a chat completion, so that one
 * plan serves all dialects.
 * @module
 */
import { textOf } from "../usage/usage-record.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";

export interface GeminiTarget {
  readonly model: string;
  readonly isStreamed: boolean;
}

/** The target of a call; `undefined` for any other path. */
export function geminiTarget(pathname: string): GeminiTarget | undefined {
  const [, name = "", method] =
    /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent)$/.exec(pathname) ?? [];
  if (method === undefined) return undefined;
  return { model: decodeURIComponent(name), isStreamed: method === "streamGenerateContent" };
}

/** The model of a token count; `undefined` for any other path. */
export function geminiCounted(pathname: string): string | undefined {
  const name = /^\/v1(?:beta)?\/models\/([^/:]+):countTokens$/.exec(pathname)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
}

/** Field names of @google/genai 3.3.0. */
const FIELDS = new Set(
  "contents systemInstruction tools toolConfig generationConfig safetySettings cachedContent labels serviceTier store".split(
    " ",
  ),
);
const CONFIG_FIELDS = new Set([
  ..."maxOutputTokens temperature topP topK seed stopSequences candidateCount presencePenalty frequencyPenalty".split(
    " ",
  ),
  ..."responseMimeType responseSchema responseJsonSchema responseLogprobs logprobs thinkingConfig mediaResolution".split(
    " ",
  ),
  ..."responseModalities speechConfig imageConfig enableEnhancedCivicAnswers".split(" "),
]);

/** The problem for which Google answers 400; `undefined` if there is none. */
export function geminiProblem(body: Json, model: string): string | undefined {
  const config = asObject(body["generationConfig"]) ?? {};
  const unknown =
    Object.keys(body).find((name) => !FIELDS.has(name)) ?? Object.keys(config).find((name) => !CONFIG_FIELDS.has(name));
  if (unknown !== undefined) return `Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`;
  const contents = asList(body["contents"]).map((one) => asObject(one) ?? {});
  if (contents.length === 0) return "contents is not specified";
  for (const [index, { role, parts }] of contents.entries()) {
    if (role !== "user" && role !== "model") return "Please use a valid role: user, model.";
    if (asList(parts).length === 0) return `contents[${index}].parts must not be empty`;
    const results = countOf(contents[index], "functionResponse");
    if (results > 0 && results !== countOf(contents[index - 1], "functionCall"))
      return "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.";
    if (isSigned(model) && isUnsigned(asList(parts)))
      return "Function call is missing a thought_signature in functionCall parts.";
  }
  return undefined;
}

/** Whether a model requires the signature of the first tool call of each answer to be sent back. */
export function isSigned(model: string): boolean {
  return /^gemini-[3-9]/.test(model);
}

function isUnsigned(parts: readonly unknown[]): boolean {
  const first = parts.map((part) => asObject(part)).find((part) => part?.["functionCall"] !== undefined);
  return first !== undefined && textOf(first["thoughtSignature"]) === "";
}

function countOf(content: Json | undefined, member: string): number {
  return asList(content?.["parts"]).filter((part) => asObject(part)?.[member] !== undefined).length;
}

/** The request as a chat completion. */
export function geminiAsChat(body: Json, { model, isStreamed }: GeminiTarget): Json {
  const config = asObject(body["generationConfig"]) ?? {};
  const { mode, allowedFunctionNames } = asObject(asObject(body["toolConfig"])?.["functionCallingConfig"]) ?? {};
  const [name] = asList(allowedFunctionNames);
  const choice = name === undefined ? "required" : { type: "function", function: { name } };
  const tools = asList(body["tools"]).flatMap((tool) => asList(asObject(tool)?.["functionDeclarations"]));
  return {
    model,
    stream: isStreamed,
    messages: [...systemOf(body), ...asList(body["contents"]).map(messageOf)],
    ...(tools.length === 0
      ? {}
      : { tools: tools.map((one) => ({ type: "function", function: functionOf(asObject(one) ?? {}) })) }),
    ...(mode === "ANY" ? { tool_choice: choice } : {}),
    ...(config["maxOutputTokens"] === undefined ? {} : { max_tokens: config["maxOutputTokens"] }),
    ...(config["responseMimeType"] === "application/json" ? { response_format: formatOf(config) } : {}),
  };
}

/** Whether it requests a tool that Google runs, whose results are additional input. */
export function hasHostedTool(body: Json): boolean {
  return asList(body["tools"]).some((tool) =>
    Object.keys(asObject(tool) ?? {}).some((name) => name !== "functionDeclarations"),
  );
}

function systemOf(body: Json): readonly Json[] {
  const instruction = asObject(body["systemInstruction"]);
  return instruction === undefined ? [] : [{ ...messageOf(instruction), role: "system" }];
}

function messageOf(content: unknown): Json {
  const { role, parts } = asObject(content) ?? {};
  return { role: role === "model" ? "assistant" : "user", content: asList(parts).map(partOf) };
}

function partOf(value: unknown): Json {
  const part = asObject(value) ?? {};
  if (typeof part["text"] === "string") return { type: "text", text: part["text"] };
  if (part["inlineData"] !== undefined) return { type: "image" };
  return { type: "text", text: JSON.stringify(part["functionCall"] ?? part["functionResponse"] ?? {}) };
}

function functionOf({ name, description, parameters, parametersJsonSchema }: Json): Json {
  return { name, description, parameters: parametersJsonSchema ?? parameters };
}

function formatOf({ responseJsonSchema, responseSchema }: Json): Json {
  const schema = responseJsonSchema ?? responseSchema;
  return schema === undefined ? { type: "json_object" } : { type: "json_schema", json_schema: { schema } };
}
