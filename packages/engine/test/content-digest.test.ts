import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { contentDigestOf, isTenantNamed } from "../src/content-digest.ts";
import { type ClientRequest, contentOf } from "../src/intake/client-request.ts";

const text = fc.string({ minLength: 1, maxLength: 40, unit: "binary" });

test("a content digest is the first 127 bits of the SHA-256 of the content, and whether a tenant was named", () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.option(text, { nil: undefined }), (requestId, inputTokens, tenant) => {
      const client = { requestId, inputTokens, tenant };
      const bytes = createHash("sha256").update(contentOf(client)).digest().subarray(0, 16);
      bytes[15] = ((bytes[15] as number) & 0xfe) | (tenant === undefined ? 0 : 1);
      const digest = contentDigestOf(client) ?? "";
      expect(digest).toBe(bytes.toString("base64url"));
      expect(isTenantNamed(digest)).toBe(tenant !== undefined);
    }),
    { numRuns: 500 },
  );
});

test.each<[string, object]>([
  ["an unknown key", { inputTokens: 1, priority: 1 }],
  ["a fraction", { inputTokens: 0.5 }],
  ["no number", { inputTokens: Number.NaN }],
  ["half a character", { inputTokens: 1, useCase: "\ud800" }],
  ["a function", { inputTokens: () => 1 }],
])("content with %s is none that any request has, and has no digest", (_what, client) => {
  expect(contentDigestOf(client as ClientRequest)).toBeUndefined();
});
