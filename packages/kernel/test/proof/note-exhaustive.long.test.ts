import { expect, test } from "vitest";
import { alterEveryByte } from "./note-trials.ts";

test("a signed checkpoint with any byte altered to any value is rejected, or means the same", async () => {
  const { tried, rejected, same, wrong } = await alterEveryByte((value) =>
    Array.from({ length: 255 }, (_, step) => (value + step + 1) % 256),
  );
  console.log(`checkpoint: ${tried} alterations, ${rejected} rejected, ${same} with the same text and log signature`);
  expect(wrong).toEqual([]);
  expect(rejected + same).toBe(tried);
  expect(tried).toBeGreaterThan(70_000);
});
