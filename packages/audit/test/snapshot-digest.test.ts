import { nodeChain, nodeSha256 } from "@calybris/engine/internal";
import { parseEntryLine } from "@calybris/kernel";
import { beforeAll, expect, test } from "vitest";
import { RequestIndex } from "../../engine/src/state/request-index.ts";
import { ChainAnew } from "../../engine/test/support/chain-anew.ts";
import { type AuditReport, createAudit } from "../src/index.ts";
import { OutcomesPart } from "../src/outcomes-part.ts";
import { RequestsPart } from "../src/requests-part.ts";
import { type SnapshotJournal, snapshotJournal } from "./snapshot-journal.ts";

// Goal: the audit makes every part of every snapshot again from the entries alone, and takes no other digest for it.
// Method: random journals of an engine in which every part is met; the whole journal, and what comes behind each snapshot. A bug
// planted in any part is red here (snapshot-mutants.ts).

const PARTS =
  "head tenants grants live open held calls closed policy rollout shadow keys prior learning reported outcomes requests checkpoint";
const SEEDS = [1, 2, 3, 4];
const chain = nodeChain();
let journals: readonly SnapshotJournal[];

beforeAll(async () => {
  const made: SnapshotJournal[] = [];
  for (const seed of SEEDS) made.push(await snapshotJournal(seed));
  journals = made;
});

function audited(lines: readonly string[], snapshot?: readonly string[]): AuditReport {
  const audit = createAudit({ sha256: nodeSha256, chain, snapshot });
  for (const [index, line] of lines.entries()) audit.line(line.trimEnd(), { file: "journal", byteOffset: index });
  return audit.finish();
}

test("the digest of every snapshot is the one that the entries before it add up to, and every part is met", () => {
  const met = new Set<string>();
  for (const { lines, cuts } of journals) {
    expect(audited(lines).findings).toEqual([]);
    for (const { snapshot } of cuts)
      for (const line of snapshot) met.add(/^\{"part":"([a-z]+)"/.exec(line)?.[1] ?? "head");
  }
  expect(PARTS.split(" ").filter((part) => !met.has(part))).toEqual([]);
});

test("behind a snapshot, the digests of those that follow are recomputed as well", () => {
  let count = 0;
  for (const { lines, cuts } of journals)
    for (const [index, { at, snapshot }] of cuts.entries()) {
      if (index % 3 !== 0) continue;
      expect(audited(lines.slice(at), snapshot).findings, `entry ${at + 1}`).toEqual([]);
      count += 1;
    }
  expect(count).toBeGreaterThan(12);
});

test("another digest of a snapshot, chained as it has to be, is found at its entry", () => {
  const { lines, cuts } = journals[0] as SnapshotJournal;
  for (const { at } of cuts.filter((_, index) => index % 4 === 0)) {
    const anew = new ChainAnew(chain);
    const forged = lines.map((line, index) => {
      const { data } = parseEntryLine(line) as { readonly data: string };
      return anew.line(index === at ? data.replace(/("snapshotDigest":")[0-9a-f]{8}/, "$1deadbeef") : data);
    });
    const { status, findings } = audited(forged);
    expect(status).toBe("broken");
    expect(findings[0]).toMatchObject({ sequence: at + 1, problem: "snapshot" });
    expect(findings[0]?.found).toContain("deadbeef");
  }
});

test("request ids beyond those that are held leave the snapshot as they leave the engine's", () => {
  const held = 100_000;
  const [part, index] = [new RequestsPart(nodeSha256, held), new RequestIndex(held)];
  const counts = new Set<number>();
  for (let number = 1; number <= 125_000; number++) {
    const requestId = `id ${number}`;
    part.take(number, { requestId, defaulted: [], tenant: "team" } as never);
    index.add("team", requestId, number);
    if (number % 20_000 !== 0 && number < 124_999) continue;
    const digests = [...part.digests()];
    expect(digests).toEqual([...index.lines()].map(({ digest }) => digest));
    counts.add(digests.length);
  }
  expect(Math.max(...counts)).toBeLessThan(15);
});

test("of more outcomes than are held, the oldest is erased", () => {
  const outcome = (of: number): never =>
    ({
      kind: "outcome",
      of,
      disposition: "applied",
      successBps: 0,
      rewardBps: 0,
      learned: false,
      digest: "0".repeat(64),
    }) as never;
  const digestsOf = (most: number, from: number): string[] => {
    const part = new OutcomesPart(nodeSha256, most);
    for (let of = from; of < 1_030; of++) part.take(of + 2_000, outcome(of), undefined);
    return [...part.digests()].map((digest) => Buffer.from(digest).toString("hex"));
  };
  const [bits, ...pages] = digestsOf(5, 1);
  const [allBits, ...allPages] = digestsOf(2_000, 1);
  expect(bits).toBe(allBits);
  // 1,024 rows a page: of 1,029 outcomes the last five are on the second, and the first is dropped with its last record.
  expect([pages.length, allPages.length]).toEqual([1, 2]);
  expect(pages[0]).toBe(allPages[1]);
});
