import { expect, test } from "vitest";
import { EMPTY_TREE } from "../../src/journal/chain-start.ts";
import { ResultWatch } from "../../src/journal/result-watch.ts";
import { publishResult } from "../../src/journal/results.ts";
import { sharedBytes, sharedMemory } from "../../src/journal/shared-memory.ts";

test("the process is kept alive for what is submitted while the watch still looks for what a message has already reported", async () => {
  const memory = sharedMemory(sharedBytes());
  let isKept = false;
  const keeper = {
    ref: () => {
      isKept = true;
    },
    unref: () => {
      isKept = false;
    },
  };
  const watch = new ResultWatch(memory, keeper, () => undefined);
  const write = (entry: number): void =>
    publishResult(
      memory,
      {
        first: entry,
        durable: entry,
        segment: 1,
        offset: 0,
        bytes: 100,
        fsyncs: 1,
        tookUs: 100,
      },
      EMPTY_TREE,
    );
  // The first batch teaches that batches are quick, so that the watch looks for the second at its next turn.
  watch.until(1, true);
  write(1);
  watch.look();
  watch.until(2, false);
  write(2);
  watch.look();
  expect(isKept).toBe(false);
  watch.until(3, false);
  expect(isKept).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isKept).toBe(true);
  write(3);
  watch.look();
  expect(isKept).toBe(false);
  watch.stop();
});
