import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CallHeaders, type CallLabels, callLabels } from "../../src/attribution/call-labels.ts";
import { spanBody } from "../../src/wire/body-members.ts";

function labels(headers: CallHeaders, body: object = {}): CallLabels {
  return callLabels(headers, spanBody(Buffer.from(JSON.stringify(body))));
}

describe("the session of a call", () => {
  test.each<[string, CallHeaders, object, string | undefined]>([
    ["Claude Code", { "x-claude-code-session-id": "c1" }, { metadata: { user_id: "u" } }, "c1"],
    ["Codex", { "session-id": "s1", "thread-id": "t1" }, {}, "s1"],
    ["Codex before", { session_id: "s1" }, {}, "s1"],
    ["opencode", { "x-session-id": "o1", "x-session-affinity": "a" }, {}, "o1"],
    ["a client that says it to us", { "x-calybris-session": "mine", "x-session-id": "o1" }, {}, "mine"],
    [
      "Claude Code, whose proxy drops headers",
      {},
      { metadata: { user_id: `user_${"ab".repeat(32)}_account__session_0a-1b` } },
      "0a-1b",
    ],
    ["Claude Code of later, likewise", {}, { metadata: { user_id: '{"device_id":"d","session_id":"s9"}' } }, "s9"],
    ["a client without one", {}, {}, undefined],
    ["a client whose session is too long to be one", { "x-session-id": "x".repeat(200) }, {}, undefined],
  ])("of %s", (_client, headers, body, session) => {
    expect(labels(headers, body).session).toBe(session);
  });
});

describe("the client of a call", () => {
  test.each([
    [{ "user-agent": "claude-cli/2.1.328 (external, cli)" }, "claude-code"],
    [{ "user-agent": "codex_exec/0.169.0 (Linux)" }, "codex"],
    [{ "user-agent": "x", originator: "codex_vscode" }, "codex"],
    [{ "user-agent": "opencode/1.18.33 ai-sdk/provider-utils/3" }, "opencode"],
    [{ "user-agent": "OpenAI/Python 2.1.0" }, "openai-python"],
    [{ "user-agent": "Anthropic/JS 1.14.0" }, "anthropic-js"],
    [{ "user-agent": "my-agent/3.1 (x)" }, "my-agent"],
    [{ "user-agent": "\u0001" }, ""],
    [{}, ""],
  ])("with headers %j is %j", (headers, client) => {
    expect(labels(headers).client).toBe(client);
    expect(labels(headers).tags["client"]).toBe(client === "" ? undefined : client);
  });
});

describe("the tags of a call", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,20}$/);
  const value = fc
    .string({ minLength: 1, maxLength: 30, unit: fc.constantFrom("a", "Z", "ü", ",", "=", "%", "北", " ") })
    .filter((text) => text.trim() === text);

  test("are those of the header, whatever their values hold", () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 14, noNullPrototype: true }), (tags) => {
        const header = Object.entries(tags)
          .map(([key, text]) => `${key}=${encodeURIComponent(text)}`)
          .join(", ");
        expect(labels({ "x-calybris-tags": header }).tags).toEqual(tags);
      }),
    );
  });

  test.each([
    ["no value", "team"],
    ["an empty value", "team="],
    ["a name that is none", "te am=x"],
    ["an escape that is none", "team=%zz"],
    ["a control character", "team=%00"],
    ["one name twice", "a=1,a=2"],
    ["too many", Array.from({ length: 17 }, (_none, index) => `t${index}=1`).join(",")],
  ])("with %s are refused, with the header's name", (_what, header) => {
    expect(() => labels({ "x-calybris-tags": header })).toThrowError(
      expect.objectContaining({
        code: "CAL_GATEWAY_REQUEST_INVALID",
        details: { mistakes: [expect.objectContaining({ path: "x-calybris-tags" })] },
      }) as Error,
    );
  });

  test("of the header come before those that are found", () => {
    const headers = { "x-calybris-tags": "client=mine", "user-agent": "claude-cli/2", "openai-project": "proj_1" };
    expect(labels(headers, { user: "u" }).tags).toEqual({ client: "mine", user: "u", project: "proj_1" });
    const many = Array.from({ length: 16 }, (_none, index) => `t${index}=1`).join(",");
    expect(Object.keys(labels({ "x-calybris-tags": many, "user-agent": "a/1" }, { user: "u" }).tags)).toHaveLength(16);
  });

  test.each([
    [{ user: "u" }, "u"],
    [{ safety_identifier: "s" }, "s"],
    [{ metadata: { user_id: "m" }, user: "u" }, "m"],
    [{ metadata: { other: 1 }, user: "u" }, "u"],
    [{ user: { id: 1 } }, undefined],
    [{ user: "x".repeat(300) }, undefined],
    [{ user: "x".repeat(9_000) }, undefined],
    [{ metadata: { user_id: "{not json" } }, "{not json"],
  ])("name the user of %j as %j", (body, user) => {
    expect(labels({}, body).tags["user"]).toBe(user);
  });
});
