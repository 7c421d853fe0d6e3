import { createHmac, createSecretKey } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { keyedDigest } from "../../src/scan/keyed-digest.ts";

const SHORT = 64 * 1024;

test("a digest is HMAC-SHA-256 of its parts, at every length around the bound and with either form of the key", () => {
  const length = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constantFrom(SHORT - 1, SHORT, SHORT + 1, 2 * SHORT));
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.array(length, { maxLength: 6 }),
      fc.nat(255),
      (key, lengths, seed) => {
        const parts = lengths.map((bytes, index) => Buffer.alloc(bytes, seed + index));
        const hmac = createHmac("sha256", key);
        for (const part of parts) hmac.update(part);
        const expected = hmac.digest("base64url");
        const feed = (add: (part: Uint8Array) => void): void => {
          for (const part of parts) add(part);
        };
        expect(keyedDigest(key, feed)).toBe(expected);
        expect(keyedDigest(createSecretKey(key), feed)).toBe(expected);
      },
    ),
  );
});

test("a digest within another is refused, and one whose parts throw leaves nothing behind", () => {
  const key = new Uint8Array(32);
  expect(() => keyedDigest(key, () => void keyedDigest(key, () => undefined))).toThrow("one after another");
  const thrown = new Error("no part");
  const failing = (): never => {
    throw thrown;
  };
  expect(() => keyedDigest(key, failing)).toThrow(thrown);
  expect(keyedDigest(key, () => undefined)).toBe(createHmac("sha256", key).digest("base64url"));
});
