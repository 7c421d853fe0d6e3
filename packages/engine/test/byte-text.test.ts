import { expect, test } from "vitest";
import { putBase64url } from "../src/byte-text.ts";
import { pageLine } from "../src/snapshot/pages.ts";

// Goal: base64url written as bytes is that of the platform, at every length modulo three, and writes nowhere else.

test("base64url as bytes is the platform's, and nothing beside it is written", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length: length + 5 }, (_, index) => (index * 89 + length * 7) & 255);
    const out = Buffer.alloc(400, 0x2a);
    const end = putBase64url(out, 3, bytes, 2, 2 + length);
    const text = Buffer.from(bytes.subarray(2, 2 + length)).toString("base64url");
    expect(out.toString("latin1", 3, end)).toBe(text);
    expect(out.subarray(0, 3).every((byte) => byte === 0x2a) && out.subarray(end).every((byte) => byte === 0x2a)).toBe(
      true,
    );
  }
});

test("the line of a page leaves out zeros at the end, but never all of it", () => {
  for (const bytes of [[0, 0, 0], [1], [1, 2, 0, 3, 0, 0, 0], [255, 254, 253, 252]]) {
    expect(JSON.parse(pageLine("open", 7, Uint8Array.from(bytes)).toString())).toEqual({
      part: "open",
      page: 7,
      bytes: withoutZeros(bytes).toString("base64url"),
    });
  }
});

function withoutZeros(bytes: readonly number[]): Buffer {
  let end = bytes.length;
  while (end > 1 && bytes[end - 1] === 0) end -= 1;
  return Buffer.from(bytes.slice(0, end));
}
