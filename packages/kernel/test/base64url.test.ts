import fc from "fast-check";
import { expect, test } from "vitest";
import { digestFromBase64Url, digestToBase64Url } from "../src/base64url.ts";
import { fromHex, toHex } from "../src/bytes.ts";

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);

test("a digest goes to base64url as the platform writes it, and comes back", () => {
  fc.assert(
    fc.property(digest, (hex) => {
      const text = digestToBase64Url(hex);
      expect(text).toBe(Buffer.from(fromHex(hex) as Uint8Array).toString("base64url"));
      expect(digestFromBase64Url(text as string)).toBe(hex);
    }),
  );
});

test("whatever was not written so is refused: another length, alphabet or last character", () => {
  const text = digestToBase64Url("ab".repeat(32)) as string;
  for (const bad of [
    "",
    text.slice(1),
    `${text}A`,
    text.replace(/^./, "+"),
    `${text.slice(0, -1)}t`,
    `${text.slice(0, -1)}=`,
  ])
    expect(digestFromBase64Url(bad)).toBeUndefined();
  for (const bad of ["", "ab".repeat(31), "zz".repeat(32), "AB".repeat(32)])
    expect(digestToBase64Url(bad)).toBeUndefined();
});
