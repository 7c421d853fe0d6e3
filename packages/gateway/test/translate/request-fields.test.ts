import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { neededCapabilities, requireTranslatable } from "../../src/translate/field-check.ts";
import {
  CHAT_FIELDS,
  EMBEDDINGS_FIELDS,
  type FieldTable,
  MESSAGES_FIELDS,
  RESPONSES_FIELDS,
} from "../../src/translate/request-fields.ts";

const resolve = createRequire(import.meta.url).resolve;

/** The members that an interface of an SDK declares, by its `.d.ts`; members of objects inside are indented further. */
function declared(sdk: string, file: string, name: string): readonly string[] {
  const text = readFileSync(join(dirname(resolve(sdk)), file), "utf8");
  const [, body = ""] =
    new RegExp(`^export interface ${name}(?: extends [^{]*)? \\{\\n(.*?)^\\}`, "ms").exec(text) ?? [];
  return [...body.matchAll(/^ {4}'?([\w-]+)'?\??:/gm)].map(([, field = ""]) => field);
}

const SDK_TYPES: readonly (readonly [string, FieldTable, string, string, string, number])[] = [
  [
    "chat completions",
    CHAT_FIELDS,
    "openai",
    "resources/chat/completions/completions.d.ts",
    "ChatCompletionCreateParamsBase",
    37,
  ],
  ["responses", RESPONSES_FIELDS, "openai", "resources/responses/responses.d.ts", "ResponseCreateParamsBase", 33],
  ["embeddings", EMBEDDINGS_FIELDS, "openai", "resources/embeddings.d.ts", "EmbeddingCreateParams", 5],
  ["messages", MESSAGES_FIELDS, "@anthropic-ai/sdk", "resources/messages/messages.d.ts", "MessageCreateParamsBase", 19],
  [
    "messages with betas",
    MESSAGES_FIELDS,
    "@anthropic-ai/sdk",
    "resources/beta/messages/messages.d.ts",
    "MessageCreateParamsBase",
    28,
  ],
];

describe("the table of fields", () => {
  test.each(SDK_TYPES)(
    "of %s knows every field that the SDK's types declare",
    (_name, table, sdk, file, type, count) => {
      const fields = declared(sdk, file, type);
      expect(fields.length).toBe(count);
      expect(fields.filter((field) => !Object.hasOwn(table, field))).toEqual([]);
    },
  );

  test("has nothing that no SDK knows, but for what an older version of the API takes", () => {
    for (const table of new Set(SDK_TYPES.map(([, one]) => one))) {
      const known = SDK_TYPES.flatMap(([, one, sdk, file, type]) => (one === table ? declared(sdk, file, type) : []));
      const more = Object.keys(table).filter((field) => !known.includes(field));
      const older = table === MESSAGES_FIELDS ? ["temperature", "top_k", "top_p"] : [];
      expect(more).toEqual(table === RESPONSES_FIELDS ? ["client_metadata"] : older);
    }
  });
});

describe("a field", () => {
  const refused = (request: object, table: FieldTable): string => {
    try {
      requireTranslatable(request as never, table, "openai-chat");
      return "";
    } catch (error) {
      const { code, details } = error as {
        readonly code: string;
        readonly details: { readonly mistakes: readonly { readonly path: string }[] };
      };
      return `${code} ${details.mistakes[0]?.path}`;
    }
  };

  test.each(
    Object.entries({ ...CHAT_FIELDS, ...MESSAGES_FIELDS }).filter(([, { to }]) => to["openai-chat"] === "refused"),
  )(
    "that is refused, as %s, is refused by name, and with a value that asks for nothing it is not",
    (field, { neutral = [] }) => {
      const table = field in CHAT_FIELDS ? CHAT_FIELDS : MESSAGES_FIELDS;
      expect(refused({ [field]: { some: "value" } }, table)).toBe(`CAL_GATEWAY_UNTRANSLATABLE ${field}`);
      for (const value of [null, ...neutral]) expect(refused({ [field]: value }, table)).toBe("");
    },
  );

  test("that the table does not know is refused by name", () => {
    for (const field of ["brand_new", "constructor", "__proto__x"])
      expect(refused({ [field]: 1 }, CHAT_FIELDS)).toBe(`CAL_GATEWAY_UNTRANSLATABLE ${field}`);
  });

  test("is a gate for every model where it asks for an ability", () => {
    const needs = (request: object): string[] => [...neededCapabilities(request as never, CHAT_FIELDS)].sort();
    expect(needs({ model: "m", messages: [], n: 1, seed: null, tools: [], logprobs: false })).toEqual([]);
    const schema = { type: "json_schema", json_schema: {} };
    expect(
      needs({
        n: 2,
        seed: 7,
        logprobs: true,
        top_logprobs: 3,
        logit_bias: { 1: 2 },
        response_format: schema,
        tools: [{}],
      }),
    ).toEqual(["json_schema", "logit_bias", "logprobs", "n", "seed", "tools"]);
  });
});
