import { describe, expect, test } from "vitest";
import { GatewayError } from "../../src/gateway-errors.ts";
import type { CallRequest } from "../../src/translate/call-request.ts";
import { readChatRequest, writeChatRequest } from "../../src/translate/chat-request.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { writeGeminiRequest } from "../../src/translate/gemini-request.ts";
import { readMessagesRequest, writeMessagesRequest } from "../../src/translate/messages-request.ts";
import {
  CHAT_FIELDS,
  type FieldTable,
  MESSAGES_FIELDS,
  RESPONSES_FIELDS,
  type TargetDialect,
} from "../../src/translate/request-fields.ts";
import { writeResponsesRequest } from "../../src/translate/responses-body.ts";
import { readResponsesRequest } from "../../src/translate/responses-request.ts";

// Goal: each cell of the table of fields says what the translation does.
// Method: each field with a value that asks for something, beside a call that has only what it must.

type Reader = (request: ExactObject, target: TargetDialect) => CallRequest;

interface Source {
  readonly table: FieldTable;
  readonly read: Reader;
  readonly targets: readonly TargetDialect[];
  readonly base: ExactObject;
  /** Fields that a call must have, and those that show in the path or in how the answer is sent. */
  readonly required: readonly string[];
  readonly samples: ExactObject;
}

const schema = { type: "object", properties: { x: { type: "integer" } }, required: ["x"], additionalProperties: false };
const wholeTool = { name: "f", description: "does" };
const chatTool = { type: "function", function: { ...wholeTool, parameters: schema } };

const SOURCES: { readonly [dialect: string]: Source } = {
  chat: {
    table: CHAT_FIELDS,
    read: readChatRequest,
    targets: ["anthropic-messages", "gemini", "openai-responses"],
    base: { model: "gemini-2.5-pro", messages: [{ role: "user", content: "hi" }], tools: [chatTool] },
    required: ["model", "messages", "stream_options"],
    samples: {
      max_completion_tokens: 17,
      max_tokens: 17,
      parallel_tool_calls: false,
      reasoning_effort: "low",
      response_format: { type: "json_schema", json_schema: { name: "a", schema } },
      seed: 7,
      service_tier: "flex",
      stop: ["X"],
      stream: true,
      temperature: 0.5,
      tool_choice: "required",
      tools: [chatTool, { type: "function", function: { name: "g" } }],
      top_p: 0.5,
      user: "u",
      verbosity: "low",
    },
  },
  messages: {
    table: MESSAGES_FIELDS,
    read: readMessagesRequest,
    targets: ["openai-chat", "gemini", "openai-responses"],
    base: {
      model: "gemini-2.5-pro",
      max_tokens: 64,
      messages: [{ role: "user", content: "hi" }],
      tools: [{ ...wholeTool, input_schema: schema }],
    },
    required: ["model", "messages"],
    samples: {
      max_tokens: 17,
      metadata: { user_id: "u" },
      output_config: { effort: "low" },
      service_tier: "standard_only",
      stop_sequences: ["X"],
      stream: true,
      system: "be kind",
      temperature: 0.5,
      thinking: { type: "enabled", budget_tokens: 32, display: "omitted" },
      tool_choice: { type: "any" },
      tools: [{ name: "g", input_schema: schema }],
      top_k: 5,
      top_p: 0.5,
    },
  },
  responses: {
    table: RESPONSES_FIELDS,
    read: readResponsesRequest,
    targets: ["openai-chat", "anthropic-messages", "gemini"],
    base: { model: "gemini-2.5-pro", input: "hi", tools: [{ type: "function", ...wholeTool, parameters: schema }] },
    required: ["model", "input", "include"],
    samples: {
      instructions: "be kind",
      max_output_tokens: 7,
      parallel_tool_calls: false,
      reasoning: { effort: "low" },
      service_tier: "flex",
      stream: true,
      temperature: 0.5,
      text: { format: { type: "json_schema", name: "a", schema } },
      tool_choice: "required",
      tools: [{ type: "function", name: "g", parameters: schema }],
      top_p: 0.5,
      user: "u",
    },
  },
};

const LIMIT = 64;

function written(call: CallRequest, target: TargetDialect): string {
  const request = {
    "openai-chat": () => writeChatRequest(call, "max_completion_tokens"),
    "anthropic-messages": () => writeMessagesRequest(call, LIMIT),
    gemini: () => writeGeminiRequest(call, LIMIT),
    "openai-responses": () => writeResponsesRequest(call, LIMIT),
  }[target]();
  // Google's paths say whether a stream is asked.
  return exactText({ ...request, stream: call.isStreamed });
}

type Found = "translated" | "hint" | "refused";

function found({ read, base }: Source, field: string, value: ExactObject[string], target: TargetDialect): Found {
  const { [field]: _own, ...others } = base;
  const without = field === "max_tokens" ? base : others;
  const plain = written(read(without, target), target);
  try {
    return written(read({ ...others, [field]: value }, target), target) === plain ? "hint" : "translated";
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== "CAL_GATEWAY_UNTRANSLATABLE") throw error;
    const [mistake] = (error.details as { readonly mistakes: readonly { readonly path: string }[] }).mistakes;
    expect(mistake?.path.split(/[.[]/)[0]).toBe(field);
    return "refused";
  }
}

/** Refused for a value that another field or the model decides on, and translated otherwise. */
const DEPENDS: readonly string[] = [
  // One budget of thinking is Google's and nobody else's.
  "messages thinking openai-chat",
  "messages thinking openai-responses",
  // Both at once are not taken by Google's models of the generation.
  "chat response_format gemini",
  "responses text gemini",
  // Several calls at once are Google's own way; one at a time cannot be asked for.
  "chat parallel_tool_calls gemini",
  "responses parallel_tool_calls gemini",
];

describe.each(Object.entries(SOURCES))("of %s, what becomes of", (dialect, source) => {
  const cells = source.targets.flatMap((target) =>
    Object.keys(source.table)
      .filter((field) => !source.required.includes(field))
      .map((field): [string, TargetDialect] => [field, target]),
  );

  test.each(cells)("%s for %s is what the table says", (field, target) => {
    const sample = source.samples[field] ?? { some: "value" };
    const said = source.table[field]?.to[target];
    const isDependent = DEPENDS.includes(`${dialect} ${field} ${target}`);
    expect(found(source, field, sample, target)).toBe(isDependent ? "refused" : said);
  });
});

const CACHE_HINTS = ["prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"];

/** Fields that do not change the answer. A field that joins them is dropped without a word: that is for a person to decide. */
const LEFT_OUT: { readonly [dialect: string]: { readonly always: readonly string[]; readonly gemini: string } } = {
  chat: { always: ["metadata", ...CACHE_HINTS, "safety_identifier"], gemini: "user" },
  messages: { always: ["cache_control", "service_tier", "betas"], gemini: "metadata" },
  responses: {
    always: ["client_metadata", "max_tool_calls", "metadata", ...CACHE_HINTS, "safety_identifier", "stream_options"],
    gemini: "user",
  },
};

test.each(Object.entries(SOURCES))("of %s, the fields that are left out are those and no others", (dialect, source) => {
  const { always, gemini } = LEFT_OUT[dialect] ?? { always: [], gemini: "" };
  for (const target of source.targets) {
    const leftOut = Object.keys(source.table).filter((field) => source.table[field]?.to[target] === "hint");
    expect(leftOut.toSorted()).toEqual([...always, ...(target === "gemini" ? [gemini] : [])].toSorted());
  }
});
