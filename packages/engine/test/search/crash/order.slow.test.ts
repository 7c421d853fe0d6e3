import { expect, test } from "vitest";
import { requireOrder } from "./order.ts";

// Goal: what the crash search shows of a writer in one thread holds for the real ones. Method: their calls of the system
// are noted, and each answer and each head is held against the sync that covers it.

test("through the real threads no answer comes before the sync that covers it, and no head runs ahead of the data", () => {
  const { answers, heads } = requireOrder(4_000);
  expect(answers).toBeGreaterThanOrEqual(4_000);
  expect(heads).toBeGreaterThan(10);
});
