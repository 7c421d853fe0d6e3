/** OpenAI's own OpenAPI description as a judge of what is said in its dialect. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import { DATA_FOLDER } from "../wire/recorded-wire.ts";

const FILE = join(DATA_FOLDER, "llm_wire", "openai_openapi.json.gz");

export const hasSchema: boolean = existsSync(FILE);

const SCHEMAS = {
  request: "CreateChatCompletionRequest",
  answer: "CreateChatCompletionResponse",
  chunk: "CreateChatCompletionStreamResponse",
  error: "ErrorResponse",
  "response request": "CreateResponse",
  response: "Response",
  "response event": "ResponseStreamEvent",
  embeddings: "CreateEmbeddingResponse",
  models: "ListModelsResponse",
} as const;

/** Why a value is not what the description says; empty when it is. */
export type SchemaJudge = (kind: keyof typeof SCHEMAS, value: unknown) => string;

/**
 * @param isLoose - whether a value may be what several alternatives describe. A message of Responses with a list of content is two
 *   of them at once, also as OpenAI's own client sends it.
 */
export function openaiSchema(isLoose = false): SchemaJudge {
  const text = gunzipSync(readFileSync(FILE)).toString();
  const spec = JSON.parse(isLoose ? text.replaceAll('"oneOf"', '"anyOf"') : text, withoutNullable) as object;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ $id: "openai", ...spec });
  return (kind, value) => {
    const validate = ajv.getSchema(`openai#/components/schemas/${SCHEMAS[kind]}`);
    if (validate === undefined) throw new Error(`the description has no ${SCHEMAS[kind]}`);
    return validate(value) === true ? "" : ajv.errorsText((validate.errors ?? []).slice(0, 4));
  };
}

/** The file says that it is 3.1, and has a word of 3.0 in places, which ajv refuses. */
function withoutNullable(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value) || value.nullable !== true) return value;
  const { nullable: _, ...rest } = value;
  return Object.keys(rest).length === 0 ? {} : { anyOf: [rest, { type: "null" }] };
}
