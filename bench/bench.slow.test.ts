import { expect, test } from "vitest";
import { BENCHES } from "./bench.ts";
import { someOf } from "../test/share.ts";

test.each(someOf([...BENCHES.keys()], 30))("the %s benchmark runs, small", async (name) => {
  const bench = await BENCHES.get(name)?.();
  expect(await bench?.({ full: false })).toContain("|");
});
