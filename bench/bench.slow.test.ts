import { expect, test } from "vitest";
import { BENCHES } from "./bench.ts";

test.each([...BENCHES.keys()])("the %s benchmark runs, small", async (name) => {
  const bench = await BENCHES.get(name)?.();
  expect(await bench?.({ full: false })).toContain("|");
});
