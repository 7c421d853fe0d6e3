import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { compileAll } from "../assembly/build.ts";

/** Two digests differ in one line; two binaries would fill the screen. */
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

test("the committed Wasm is what its sources compile to, byte for byte", async () => {
  for (const [name, text] of await compileAll()) {
    const committed = await readFile(new URL(`../src/wasm/${name}`, import.meta.url), "utf8");
    expect(digest(text), name).toBe(digest(committed));
  }
});
