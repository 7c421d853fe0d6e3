import { expect, test } from "vitest";
import { SNAPSHOTS_KEPT_MAX, superfluousSnapshots } from "../../src/snapshot/kept-snapshots.ts";

// Goal: the last two snapshots always stay, no more than eight do, and those are spread over the whole journal.
// Method: a thousand rotations, evenly and unevenly apart, one after another.

test.each([
  ["evenly", (turn: number) => 100 * turn],
  ["further and further apart", (turn: number) => turn ** 2],
  ["unevenly", (turn: number) => 100 * turn + ((turn * 7_919) % 97)],
])("snapshots that are taken %s stay spread, and the last two among them", (_, sequenceOf) => {
  let kept: readonly number[] = [];
  for (let turn = 1; turn <= 1_000; turn++) {
    const all = [...kept, sequenceOf(turn)];
    const removed = superfluousSnapshots(all);
    kept = all.filter((sequence) => !removed.includes(sequence));
    expect(kept).toHaveLength(Math.min(turn, SNAPSHOTS_KEPT_MAX));
    expect(kept.slice(-2)).toEqual(all.slice(-2));
    if (turn < SNAPSHOTS_KEPT_MAX) continue;
    // No part without a start is longer than a third of the journal.
    const gaps = kept.map((sequence, at) => sequence - (kept[at - 1] ?? 0));
    expect(Math.max(...gaps) / (kept.at(-1) as number)).toBeLessThan(0.4);
  }
});

test("without room for more, the last two stay", () => {
  expect(superfluousSnapshots([40, 10, 30, 20], 2)).toEqual([10, 20]);
  expect(superfluousSnapshots([10, 20], 2)).toEqual([]);
  expect(superfluousSnapshots([], 2)).toEqual([]);
});
