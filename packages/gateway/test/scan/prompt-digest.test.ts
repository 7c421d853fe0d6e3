import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scanCall } from "../../src/scan/call-scan.ts";
import { requestDigestOf } from "../../src/scan/prompt-digest.ts";
import type { WireDialect } from "../../src/wire/dialect.ts";

const KEY = new Uint8Array(32).fill(7);

function digests(json: unknown, dialect: WireDialect = "anthropic-messages", key = KEY): Digests {
  const scanned = scanCall(Buffer.from(typeof json === "string" ? json : JSON.stringify(json)), dialect, key);
  return { promptDigest: scanned.promptDigest, requestDigest: requestDigestOf(scanned, dialect, key) };
}

interface Digests {
  readonly promptDigest: string;
  readonly requestDigest: string;
}

const LINE = "x-anthropic-billing-header: cc_version=2.1.328; cch=";
const request = (system: unknown, more: object = {}): object => ({
  model: "claude-sonnet-5",
  max_tokens: 128_000,
  system,
  messages: [{ role: "user", content: "Hi" }],
  ...more,
});
const withLine = (checksum: string, more: object = {}): object =>
  request(
    [
      { type: "text", text: LINE + checksum },
      { type: "text", text: "You are an agent." },
    ],
    more,
  );

describe("the digest of a prompt", () => {
  test("is the same for two requests of Claude Code that differ in its attribution line", () => {
    const [first, second] = [digests(withLine("a1b2c;")), digests(withLine("99999;"))];
    expect(first).toMatchObject({ promptDigest: second.promptDigest, requestDigest: second.requestDigest });
  });

  test.each([
    ["limit", { max_tokens: 64_000 }],
    ["stream", { stream: true }],
    ["session", { metadata: { user_id: "session-2" } }],
    ["model", { model: "claude-opus-5" }],
  ])("is the same where only the %s differs, and the digest of the request is not", (_what, more) => {
    const [first, second] = [digests(request("s")), digests(request("s", more))];
    expect(second.promptDigest).toBe(first.promptDigest);
    expect(second.requestDigest).not.toBe(first.requestDigest);
  });

  test.each<[string, object]>([
    [
      "the line is not in the first block",
      request([
        { type: "text", text: "a" },
        { type: "text", text: `${LINE}1` },
      ]),
    ],
    ["the line is too long to be one", request([{ type: "text", text: LINE + "x".repeat(1_024) }])],
    ["a text only mentions the line", request([{ type: "text", text: `Hi ${LINE}1` }])],
  ])("covers the system prompt where %s", (_what, json) => {
    const other = JSON.stringify(json).replace("cch=", "cch=other");
    expect(digests(other).promptDigest).not.toBe(digests(json).promptDigest);
  });

  test("depends on the dialect and the key", () => {
    const json = { model: "m", messages: [], max_tokens: 1 };
    const other = new Uint8Array(32).fill(8);
    const all = [digests(json), digests(json, "openai-chat"), digests(json, "anthropic-messages", other)];
    expect(new Set(all.map(({ promptDigest }) => promptDigest)).size).toBe(3);
    expect(new Set(all.map(({ requestDigest }) => requestDigest)).size).toBe(3);
  });

  test("differs whenever what the model reads does", () => {
    const body = fc.record({ messages: fc.jsonValue(), tools: fc.jsonValue(), stop: fc.jsonValue() });
    fc.assert(
      fc.property(body, body, (first, second) => {
        const same = JSON.stringify(first) === JSON.stringify(second);
        expect(digests(first).promptDigest === digests(second).promptDigest).toBe(same);
      }),
    );
  });

  test("does not run two members into one", () => {
    const [first, second] = ['{"stop":"a","seed":1}', '{"stop":"a\\n\\"seed\\":1"}'].map((text) => digests(text));
    expect(first?.promptDigest).not.toBe(second?.promptDigest);
  });
});
