import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plainChain } from "../src/chain.ts";
import { parseEntryBody, parseEntryHead } from "../src/entry.ts";
import { sha256 } from "../src/sha256.ts";
import {
  CLOSED_RECORDS,
  HELD_RECORDS,
  OPEN_RECORDS,
  OUTCOME_RECORDS,
  REQUEST_RECORDS,
} from "../src/snapshot-records.ts";
import { SNAPSHOT_LATE_PARTS, SnapshotMembers, StateSnapshotDigest, snapshotHeadOf } from "../src/state-snapshot.ts";
import { treeIn, treeLine, treeRootOf } from "../src/tree-snapshot.ts";

// Goal: another program can read a snapshot, and hold it to its journal, from docs/formats.md alone.
// Method: a vector, read with the kernel only.

const ROOT = join(import.meta.dirname, "..", "..", "..");
const { entry, lines } = JSON.parse(readFileSync(join(ROOT, "conformance/vectors/state-snapshot.json"), "utf8")) as {
  readonly entry: string;
  readonly lines: readonly string[];
};
const TABLES = {
  open: OPEN_RECORDS,
  held: HELD_RECORDS,
  closed: CLOSED_RECORDS,
  outcomes: OUTCOME_RECORDS,
  requests: REQUEST_RECORDS,
};

const partOf = (line: string): string | undefined => /"part":"([a-z]+)"/.exec(line)?.[1];
const isLate = (line: string): boolean => [...SNAPSHOT_LATE_PARTS, "end"].includes(partOf(line) ?? "");
const hashOf = (line: string): Uint8Array => sha256(Buffer.from(line));

test("the digest of a snapshot's lines is the one that the state entry after it binds, and its end binds the rest", () => {
  const head = parseEntryHead(entry);
  const body = head && parseEntryBody(head, entry, () => Promise.reject as never);
  expect(body?.kind).toBe("state");
  const { snapshotDigest } = body as { readonly snapshotDigest: string };
  const digest = new StateSnapshotDigest(sha256);
  for (const line of lines.filter((each) => !isLate(each))) digest.add(hashOf(line));
  const { sequence, at } = snapshotHeadOf(lines[0] as string);
  expect(sequence).toBe((head?.sequence ?? 0) - 1);
  expect(at).toBe(head?.at);
  expect(digest.finish(sequence)).toBe(snapshotDigest);
  const late = Buffer.concat(lines.filter((line) => SNAPSHOT_LATE_PARTS.includes(partOf(line) ?? "")).map(hashOf));
  expect(lines.at(-1)).toBe(`{"part":"end","hash":"${plainChain(sha256)(snapshotDigest, late)}"}`);
});

test("its tree is of every entry that it holds, has the root that the state entry names, and is written again byte for byte", () => {
  const line = lines.at(-2) as string;
  const tree = treeIn(new SnapshotMembers(line));
  expect(tree.treeSize).toBe(snapshotHeadOf(lines[0] as string).sequence);
  expect(entry).toContain(`"treeRoot":"${treeRootOf(tree, sha256)}"`);
  expect(treeLine(tree)).toBe(line);
});

test("a tree without one hash for each bit of its size, or with a hash of another length, is refused", () => {
  const hash = "ab".repeat(32);
  const refused = (size: unknown, hashes: readonly unknown[]): void =>
    expect(() => treeIn(new SnapshotMembers(JSON.stringify({ part: "tree", size, hashes })))).toThrow(RangeError);
  refused(3, [hash]);
  refused(4, [hash, hash]);
  refused(0, [hash]);
  refused(1, ["ab"]);
  refused(1, [`${"ab".repeat(31)}zz`]);
  refused(1, [7]);
  refused(-1, []);
  refused(2 ** 53, [hash]);
  expect(treeIn(new SnapshotMembers('{"part":"tree","size":0,"hashes":[]}')).treeSize).toBe(0);
  expect(treeIn(new SnapshotMembers(JSON.stringify({ size: 2 ** 52 + 1, hashes: [hash, hash] }))).hashes).toHaveLength(
    2,
  );
});

test("its parts are in the order of the format, and each record is read and written again byte for byte", () => {
  const parts = lines
    .slice(1)
    .map(partOf)
    .filter((part, index, all) => part !== all[index - 1]);
  expect(parts).toEqual([
    ...[
      "tenants",
      "grants",
      "live",
      "open",
      "held",
      "closed",
      "policy",
      "keys",
      "learning",
      "reported",
      "outcomes",
      "requests",
    ],
    ...["identities", "tree", "end"],
  ]);
  const counts = new Map<string, number>();
  for (const line of lines) {
    const table = TABLES[partOf(line) as keyof typeof TABLES];
    if (table === undefined) continue;
    const given = Buffer.from(new SnapshotMembers(line).text("bytes"), "base64url");
    const records = Math.ceil(given.byteLength / table.byteLength);
    const bytes = new Uint8Array(records * table.byteLength);
    bytes.set(given);
    const again = new Uint8Array(bytes.byteLength);
    for (let at = 0; at < bytes.byteLength; at += table.byteLength)
      table.write(new DataView(again.buffer), at, table.read(new DataView(bytes.buffer), at) as never);
    expect(again).toEqual(bytes);
    counts.set(partOf(line) as string, records);
  }
  expect([...counts.values()].every((count) => count > 2)).toBe(true);
});

test("docs/formats.md lists the columns of each record in their order", () => {
  const formats = readFileSync(join(ROOT, "docs/formats.md"), "utf8");
  for (const [part, { columns }] of Object.entries(TABLES)) {
    const row = formats.split("\n").find((line) => line.startsWith(`| \`${part}\``) && line.includes("` u")) ?? "";
    expect(
      [...row.matchAll(/`([A-Za-z0-9]+)` (u8|u16|u32|u64|i64|sha256)/g)].map(([, name, type]) => ({ name, type })),
    ).toEqual(columns);
  }
});
