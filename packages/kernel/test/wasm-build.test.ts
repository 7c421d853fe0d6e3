import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { compileKernel } from "../assembly/build.ts";

test("the committed Wasm is what its sources compile to, byte for byte", { timeout: 120_000 }, async () => {
  const committed = await readFile(new URL("../src/wasm/binary.ts", import.meta.url), "utf8");
  expect(await compileKernel()).toBe(committed);
});
