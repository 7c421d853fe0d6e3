import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SnapshotMembers, treeIn, treeRootOf } from "@calybris/kernel";
import { expect, test } from "vitest";
import { nodeChain, nodeSha256 } from "../../src/journal/chain-hash.ts";
import { textsOf } from "../../src/snapshot/snapshot-keeper.ts";
import { EngineState } from "../../src/state/state.ts";
import { searchSnapshots } from "../search/snapshot-search.ts";

// Goal: a snapshot and the entries after it are the whole fold, wherever the journal is cut; and a snapshot that is not the
// one that the journal binds is never used.
// Method: random honest journals, and their directories with every damage (snapshot-search.ts).

test("at every cut a snapshot is restored and folded on to the whole fold, and a damaged one is refused for an older one or none", async () => {
  const counts = await searchSnapshots(1, 1);
  expect(counts.cuts).toBeGreaterThan(50);
  expect(counts.damages).toBeGreaterThan(75);
  expect(counts.older).toBeGreaterThan(75);
  expect(counts.whole).toBe(1);
});

test("the vector of a snapshot is restored to the state that its entry names, and taken again it is the same", () => {
  const file = join(import.meta.dirname, "../../../../conformance/vectors/state-snapshot.json");
  const { entry, lines } = JSON.parse(readFileSync(file, "utf8")) as { entry: string; lines: readonly string[] };
  const state = new EngineState();
  // The tree, and the end that binds what is late, are not the state's own.
  state.restore(lines.slice(0, -2));
  const tree = treeIn(new SnapshotMembers(lines.at(-2) as string));
  expect(entry).toContain(`"treeRoot":"${treeRootOf(tree, nodeSha256)}"`);
  expect(entry).toContain(`"stateDigest":"${state.digest()}","snapshotDigest":"${state.snapshot().digest}"`);
  const again = [...textsOf({ ...state.snapshot(), tree }, nodeChain())].map((line) => Buffer.from(line).toString());
  expect(again).toEqual(lines);
});
