import fc from "fast-check";
import { parseStrictJson } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { type HostApi, HOSTS, requireTaken, writtenForHost } from "../../src/providers/hosts.ts";
import { removeMember, renameMembers, spanBody, splice } from "../../src/wire/body-members.ts";
import type { ExactObject } from "../../src/translate/field-check.ts";

const exact = (value: object): ExactObject => parseStrictJson(JSON.stringify(value)) as ExactObject;
const refusal = (run: () => unknown): string => {
  try {
    run();
    return "";
  } catch (error) {
    return (
      (error as { readonly details: { readonly mistakes: readonly { readonly path: string }[] } }).details.mistakes[0]
        ?.path ?? ""
    );
  }
};
const taken = (api: HostApi, request: object): string =>
  refusal(() => requireTaken(HOSTS[api], Object.keys(request), (name) => exact(request)[name]));

const CALL = { model: "m", messages: [], temperature: 1, tools: [], stop: "x", max_tokens: 9 };
const SCHEMA = { response_format: { type: "json_schema", json_schema: { name: "n", schema: {} } } };

describe("a host", () => {
  test.each<readonly [HostApi, object, string]>([
    ["deepseek", { ...CALL, logprobs: true, stream_options: { include_usage: true }, user: "u", metadata: {} }, ""],
    ["deepseek", { ...CALL, n: 1, logit_bias: {}, seed: null, store: false }, ""],
    ["deepseek", { ...CALL, seed: 7 }, "seed"],
    ["deepseek", { ...CALL, n: 2 }, "n"],
    ["deepseek", { ...CALL, parallel_tool_calls: false }, "parallel_tool_calls"],
    ["deepseek", { ...CALL, ...SCHEMA }, "response_format"],
    ["deepseek", { ...CALL, response_format: { type: "json_object" } }, ""],
    ["deepseek", { ...CALL, max_completion_tokens: 9 }, "max_completion_tokens"],
    ["mistral", { ...CALL, ...SCHEMA, n: 2, parallel_tool_calls: false, safe_prompt: true }, ""],
    ["mistral", { model: "m", messages: [], max_completion_tokens: 9, seed: 7 }, ""],
    ["mistral", { ...CALL, stream: true, stream_options: { include_usage: true } }, ""],
    ["mistral", { ...CALL, logprobs: false }, "logprobs"],
    ["mistral", { ...CALL, user: "u" }, "user"],
    ["groq", { ...CALL, seed: 7, n: 1, ...SCHEMA }, ""],
    ["groq", { ...CALL, n: 2 }, "n"],
    ["groq", { ...CALL, top_logprobs: 3 }, "top_logprobs"],
    ["openrouter", { ...CALL, brand_new: 1 }, ""],
  ])("%s takes what its API has, and the rest is refused by name: %j", (api, request, path) => {
    expect(taken(api, request)).toBe(path);
  });

  test("does not take a schema that is too long to be looked at where it keeps to none", () => {
    expect(refusal(() => requireTaken(HOSTS.deepseek, ["response_format"], () => undefined))).toBe("response_format");
  });

  test("gets translated calls without what is only a hint", () => {
    const written = exact({ ...CALL, user: "u", stream: true, stream_options: { include_usage: true } });
    expect(Object.keys(writtenForHost(HOSTS.mistral, written))).toEqual([...Object.keys(CALL), "stream"]);
    expect(Object.keys(writtenForHost(HOSTS.deepseek, written))).toEqual([
      ...Object.keys(CALL),
      "stream",
      "stream_options",
    ]);
    expect(writtenForHost(HOSTS.together, written)).toEqual(written);
    expect(refusal(() => writtenForHost(HOSTS.deepseek, exact({ ...CALL, ...SCHEMA })))).toBe("response_format");
  });
});

describe("a member of a body", () => {
  const name = fc.constantFrom("a", "b", "stream_options", "seed", "c");
  const body = fc
    .uniqueArray(fc.tuple(name, fc.jsonValue({ maxDepth: 1 })), { selector: ([key]) => key, minLength: 1 })
    .map((entries) => Object.fromEntries(entries));
  const layout = fc.constantFrom(undefined, 1, "\t");

  test("is taken out or renamed with all others as they were", () => {
    fc.assert(
      fc.property(body, layout, name, (value, space, chosen) => {
        const spanned = spanBody(Buffer.from(JSON.stringify(value, null, space)));
        const after = (splices: ReturnType<typeof removeMember>): unknown =>
          JSON.parse(Buffer.concat(splice(spanned.bytes, splices)).toString());
        const { [chosen]: gone, ...others } = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
        expect(after(removeMember(spanned, chosen))).toEqual(others);
        expect(after(renameMembers(spanned, { [chosen]: "renamed" }))).toEqual(
          chosen in value ? { ...others, renamed: gone } : others,
        );
      }),
      { numRuns: 200 },
    );
  });
});
