/**
 * Requests embeddings from Google for a client of OpenAI's dialect (ai.google.dev/api/embeddings:
 * `models.batchEmbedContents`). Each text is a separate request in the batch, because several texts in one request become
 * one vector.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import { usageOfAnswer } from "../usage/usage-reader.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import type { TranslatedAnswer } from "./answers.ts";
import { type ExactObject, requireTranslatable, untranslatable } from "./field-check.ts";
import { geminiModelPath } from "./gemini-request.ts";
import { given, listAt, numberAt, textAt } from "./json-access.ts";
import { EMBEDDINGS_FIELDS } from "./request-fields.ts";

/** Google's limit of requests in a batch. */
const TEXTS_MAX = 100;

export function geminiEmbeddingsPath(model: string): string {
  return `${geminiModelPath(model)}:batchEmbedContents`;
}

/** @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming what Google's dialect cannot express. */
export function geminiEmbeddings(request: ExactObject, model: string): ExactObject {
  requireTranslatable(request, EMBEDDINGS_FIELDS, "gemini");
  const texts = textsOf(request["input"]);
  if (texts.length > TEXTS_MAX) throw untranslatable("input", `has more than ${TEXTS_MAX} texts`);
  const dimensions = given(request["dimensions"], "dimensions", numberAt);
  requireFormat(request);
  const name = `models/${model.replace(/^models\//, "")}`;
  return {
    requests: texts.map((text) => ({
      model: name,
      content: { parts: [{ text }] },
      ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
    })),
  };
}

/** @param request - as the client sent it. */
export function geminiEmbeddingsAnswer(answer: Json, request: Json): TranslatedAnswer {
  const vectors = asList(answer["embeddings"]).map((one) => asList(asObject(one)?.["values"]).map(Number));
  const count = typeof request["input"] === "string" ? 1 : asList(request["input"]).length;
  if (vectors.length !== count) return { problem: `the answer has ${vectors.length} embeddings of ${count}` };
  if (vectors.some((vector) => vector.length === 0 || !vector.every(Number.isFinite)))
    return { problem: "the answer holds an embedding without numbers" };
  const isPacked = request["encoding_format"] === "base64";
  const usage = usageOfAnswer("gemini", answer);
  const list = {
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: isPacked ? packed(vector) : vector,
    })),
    model: request["model"],
    ...(usage === undefined ? {} : { usage: { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens } }),
  };
  return { answer: list, doubts: [] };
}

/** Base64 of little-endian 32-bit floats, in OpenAI's format. */
function packed(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * Float32Array.BYTES_PER_ELEMENT);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * Float32Array.BYTES_PER_ELEMENT);
  return bytes.toString("base64");
}

function textsOf(input: ExactJson | undefined): readonly string[] {
  if (typeof input === "string") return [input];
  const texts = listAt(input, "input").map((one, at) => {
    if (typeof one !== "string") throw untranslatable(`input[${at}]`, "is not a text: Google takes no tokens");
    return textAt(one, `input[${at}]`);
  });
  if (texts.length === 0) throw untranslatable("input", "is empty");
  return texts;
}

function requireFormat(request: ExactObject): void {
  const format = given(request["encoding_format"], "encoding_format", textAt) ?? "float";
  if (format !== "float" && format !== "base64") throw untranslatable("encoding_format", "is neither float nor base64");
}
