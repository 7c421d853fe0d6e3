import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { membersOf, readMember, setMember, spanBody, splice } from "../../src/wire/body-members.ts";
import {
  editIncludeUsage,
  editModel,
  editOutputLimit,
  isStreamed,
  isUsageAsked,
  modelOf,
  requestedOutput,
} from "../../src/wire/request-edits.ts";
import { asJson, type JsonObject, jsonObject, jsonText } from "./random-wire.ts";

const body = (text: string): ReturnType<typeof spanBody> => spanBody(Buffer.from(text));
const edited = (text: string, edit: (given: ReturnType<typeof spanBody>) => Parameters<typeof splice>[1]): string =>
  Buffer.concat(splice(Buffer.from(text), edit(body(text)))).toString();
const refusal = (run: () => unknown): string => {
  try {
    return `no refusal: ${JSON.stringify(run())}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe("setting members", () => {
  test("changes the value of each and not a byte beside it, and adds those that are missing behind the last", () => {
    const wanted = fc.dictionary(fc.constantFrom("model", "max_tokens", "new", "é"), fc.integer(), { maxKeys: 4 });
    fc.assert(
      fc.property(jsonObject, jsonText, wanted, (value, write, members) => {
        const text = write(value);
        const given = body(text);
        const result = Buffer.concat(
          splice(
            given.bytes,
            Object.entries(members).map(([name, member]) => setMember(given, name, String(member))),
          ),
        ).toString();
        expect(asJson(Buffer.from(result))).toEqual({ ...value, ...members });
        expect(withoutMembers(result, members, value)).toBe(withoutMembers(text, members, value));
      }),
      { numRuns: 600 },
    );
  });

  test("of a body without an edit gives its own bytes, uncopied", () => {
    const { bytes } = body('{"a": 1}');
    expect(splice(bytes, []).map((piece) => piece.buffer)).toEqual([bytes.buffer]);
  });

  test("inside a member finds it in the same bytes, wherever the member is", () => {
    fc.assert(
      fc.property(jsonObject, jsonObject, jsonText, (outer, inner, write) => {
        const { stream_options: _, ...rest } = outer;
        const given = body(write({ ...rest, stream_options: inner }));
        const found = membersOf(given, "stream_options");
        if (found === undefined) throw new Error("not found");
        const result = Buffer.concat(splice(given.bytes, [setMember(found, "include_usage", "7")]));
        expect(asJson(result)).toEqual({ ...rest, stream_options: { ...inner, include_usage: 7 } });
      }),
    );
  });
});

/** The text with the values of members taken out, and those that were added with all that belongs to them. */
function withoutMembers(text: string, members: JsonObject, before: JsonObject): string {
  const given = body(text);
  const gone = Object.keys(members).flatMap((name) => {
    const span = given.spans.members.get(name);
    if (span === undefined) return [];
    if (name in before) return [{ at: span.valueStart, end: span.valueEnd, text: "", hasComma: false }];
    const isFirst = given.spans.members.keys().next().value === name;
    return [{ at: span.keyStart - (isFirst ? 0 : 1), end: span.valueEnd, text: "", hasComma: false }];
  });
  return Buffer.concat(splice(given.bytes, gone)).toString();
}

describe("the model", () => {
  test("is replaced in place, and not touched where it is the same already", () => {
    const text = '{ "x":[1.0, 1e2],"model" : "mod\\u0065l-a" ,\n"y":"é"}';
    expect(edited(text, (given) => editModel(given, "b"))).toBe('{ "x":[1.0, 1e2],"model" : "b" ,\n"y":"é"}');
    expect(edited(text, (given) => editModel(given, "model-a"))).toBe(text);
  });

  test("that is missing, no text, empty or endless is refused by name", () => {
    for (const text of ["{}", '{"model":1}', '{"model":""}', `{"model":"${"m".repeat(600)}"}`, '{"model":null}'])
      expect(refusal(() => modelOf(body(text)))).toMatch(/mistake: model is/);
  });
});

describe("the output limit", () => {
  test.each([
    ["openai-chat", '{"model":"m"}', '{"model":"m","max_completion_tokens":50}'],
    ["openai-chat", '{"max_tokens":100}', '{"max_tokens":50}'],
    [
      "openai-chat",
      '{"max_tokens": 100, "max_completion_tokens":40}',
      '{"max_tokens": 50, "max_completion_tokens":40}',
    ],
    ["openai-chat", '{"max_completion_tokens":null}', '{"max_completion_tokens":50}'],
    ["openai-chat", '{"max_completion_tokens":50}', '{"max_completion_tokens":50}'],
    ["openai-responses", '{"input":"hi"}', '{"input":"hi","max_output_tokens":50}'],
    ["anthropic-messages", '{"max_tokens":128000,"model":"m"}', '{"max_tokens":50,"model":"m"}'],
    ["openai-embeddings", '{"input":"hi"}', '{"input":"hi"}'],
  ] as const)("of %s %s is lowered to 50, or added", (dialect, text, wanted) => {
    expect(edited(text, (given) => editOutputLimit(given, dialect, 50))).toBe(wanted);
  });

  test("is added under the name that a host knows", () => {
    expect(edited("{}", (given) => editOutputLimit(given, "openai-chat", 9, "max_tokens"))).toBe('{"max_tokens":9}');
  });

  test("that is requested is the lowest of those set", () => {
    const text = '{"max_tokens":100,"max_completion_tokens":40}';
    expect(requestedOutput(body(text), "openai-chat")).toEqual({ limitTokens: 40, thinkingTokens: 0 });
    expect(requestedOutput(body("{}"), "openai-responses").limitTokens).toBeUndefined();
  });

  test("of Anthropic is required, and what the client set aside for thinking is known", () => {
    const text = '{"max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":4000}}';
    expect(requestedOutput(body(text), "anthropic-messages")).toEqual({ limitTokens: 9_000, thinkingTokens: 4_000 });
    expect(refusal(() => requestedOutput(body("{}"), "anthropic-messages"))).toMatch(/max_tokens is missing/);
  });

  test.each(["0", "-1", "1.5", '"9"', "true", "[]", "1e99", "9007199254740993"])(
    "of %s is refused by name",
    (value) => {
      const given = body(`{"max_tokens":${value}}`);
      expect(refusal(() => requestedOutput(given, "openai-chat"))).toMatch(/max_tokens is not an integer above 0/);
      expect(refusal(() => editOutputLimit(given, "openai-chat", 9))).toMatch(/max_tokens is not/);
    },
  );
});

describe("the usage of a stream", () => {
  test.each([
    ["{}", '{"stream_options":{"include_usage":true}}'],
    ['{"stream":true}', '{"stream":true,"stream_options":{"include_usage":true}}'],
    ['{"stream_options":null}', '{"stream_options":{"include_usage":true}}'],
    ['{"stream_options":{}}', '{"stream_options":{"include_usage":true}}'],
    [
      '{"stream_options": {"include_obfuscation" : false }, "n":1}',
      '{"stream_options": {"include_obfuscation" : false,"include_usage":true }, "n":1}',
    ],
    ['{"stream_options":{"include_usage": false}}', '{"stream_options":{"include_usage": true}}'],
    ['{"stream_options":{"include_usage":true,"new":[1]}}', '{"stream_options":{"include_usage":true,"new":[1]}}'],
  ])("is asked for in %s", (text, wanted) => {
    expect(edited(text, editIncludeUsage)).toBe(wanted);
  });

  test("was asked for by the client only if it says so", () => {
    expect(isUsageAsked(body('{"stream_options":{"include_usage":true}}'))).toBe(true);
    for (const text of ["{}", '{"stream_options":null}', '{"stream_options":{"include_usage":false}}'])
      expect(isUsageAsked(body(text))).toBe(false);
  });

  test("is refused by name where the option is none", () => {
    expect(refusal(() => isUsageAsked(body('{"stream_options":[]}')))).toMatch(/stream_options is not an object/);
    expect(refusal(() => isUsageAsked(body('{"stream_options":{"include_usage":1}}')))).toMatch(
      /stream_options.include_usage is not true or false/,
    );
    expect(
      refusal(() => isUsageAsked(body('{"stream_options":{"include_usage":true,"include_usage":false}}'))),
    ).toMatch(/stream_options.include_usage is set twice/);
    expect(refusal(() => isStreamed(body('{"stream":"yes"}')))).toMatch(/stream is not true or false/);
  });
});

describe("a member", () => {
  test("is read by itself, with integers exact and duplicates refused by the member's name", () => {
    const given = body('{"seed":18446744073709551615,"o":{"a":1,"a":2},"long":"xxxxxxxxxx"}');
    expect(readMember(given, "seed", 100)).toBe(18_446_744_073_709_551_615n);
    expect(readMember(given, "none", 100)).toBeUndefined();
    expect(refusal(() => readMember(given, "o", 100))).toMatch(/mistake: o has a duplicate key "a"/);
    expect(refusal(() => readMember(given, "long", 10))).toMatch(/long is longer than 10 bytes/);
  });
});
