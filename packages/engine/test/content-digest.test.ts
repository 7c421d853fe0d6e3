import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { contentDigestOf } from "../src/content-digest.ts";
import { contentOf } from "../src/intake/client-request.ts";

test("a content digest is the first 16 bytes of the SHA-256 of the content, whatever the content", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40, unit: "binary" }), fc.nat(), (requestId, inputTokens) => {
      const client = { requestId, inputTokens };
      const digest = createHash("sha256").update(contentOf(client)).digest().subarray(0, 16).toString("base64url");
      expect(contentDigestOf(client)).toBe(digest);
    }),
    { numRuns: 500 },
  );
});
