import {
  CalybrisError,
  type ExactJson,
  GENESIS_HASH,
  parseEntryHead,
  parseEntryLine,
  parseExact,
  writeExact,
} from "@calybris/kernel";
import { expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { HEAD_FILE, headPage } from "../../src/journal/head.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { ChainAnew } from "../support/chain-anew.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: entries altered by somebody who can also compute every hash are damage of the journal, named with entry, file and
// byte; they never look like a bug of the program.

function open(disk: MemoryDisk, segmentBytesMax = 3_000): Promise<Engine> {
  let now = 1_000_000;
  return Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: () => ++now,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    segmentBytesMax,
  });
}

/** A journal with money in it, and checkpoints behind that. */
async function moneyJournal(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const engine = await open(disk);
  await engine.ledger.apply(parseBudgets({ tenants: { acme: {} } }));
  await engine.ledger.grant({ tenant: "acme", amountMicrocents: 1_000_000n, id: "first" });
  for (let index = 0; index < 4; index++) {
    const { decisionId } = await engine.decide({ inputTokens: 10_000, requested: "better", tenant: "acme" });
    await engine.ledger.settle({ decisionId, actualMicrocents: 1n });
  }
  await engine.close();
  return disk;
}

/** The same journal with other data, and hashes and a head that fit it; without snapshots, so that all of it is folded. */
function rewritten(disk: MemoryDisk, change: (data: string) => string): { disk: MemoryDisk; altered: number } {
  const copy = disk.copy();
  for (const name of disk.list()) if (name.startsWith("snapshot-")) copy.files.delete(name);
  const anew = new ChainAnew(nodeChain());
  let hash = GENESIS_HASH;
  let sequence = 0;
  let altered = 0;
  for (const name of disk.list().filter((file) => file.startsWith("segment-"))) {
    const lines = Buffer.from(disk.files.get(name) ?? [])
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "");
    const texts = lines.map((line) => {
      const before = parseEntryLine(line)?.data ?? "";
      const data = change(before);
      sequence += 1;
      if (data !== before) altered = sequence;
      const chained = anew.line(data);
      hash = parseEntryLine(chained.trimEnd())?.entryHash ?? "";
      return chained;
    });
    copy.files.set(name, Buffer.from(texts.join("")));
  }
  copy.files.set(HEAD_FILE, Uint8Array.from(headPage({ sequence, hash, keyed: false })));
  return { disk: copy, altered };
}

test("money altered before a checkpoint is named as damage, at the first entry that contradicts it", async () => {
  const disk = await moneyJournal();
  const same = rewritten(disk, (data) => data);
  expect(same.altered).toBe(0);
  await (await open(same.disk)).close();
  const forged = rewritten(disk, (data) => data.replace('"amountMicrocents":1000000', '"amountMicrocents":2000000'));
  expect(forged.altered).toBeGreaterThan(0);
  const problem = await open(forged.disk).catch((error: unknown) => error);
  expect(problem).toMatchObject({
    code: "CAL_JOURNAL_CORRUPT",
    details: { expected: "an entry that follows from those before it" },
  });
  const { file, sequence } = (problem as CalybrisError).details as { file: string; sequence: number };
  expect(file).toMatch(/^segment-/);
  expect(sequence).toBeGreaterThan(forged.altered);
});

test("whatever number of whatever entry is altered, an engine opens or says CAL_JOURNAL_ what is wrong", async () => {
  const disk = await moneyJournal();
  const numbers = /:[0-9]+(?=[,}\]])/g;
  let refused = 0;
  const counts = new Map<string, number>();
  rewritten(disk, (data) => {
    counts.set(data, [...data.matchAll(numbers)].length);
    return data;
  });
  for (const [target, count] of counts) {
    for (let nth = 0; nth < count; nth += 3) {
      const forged = rewritten(disk, (data) => {
        let index = 0;
        return data === target ? data.replace(numbers, (text) => (index++ === nth ? `${text}1` : text)) : data;
      });
      const code = await open(forged.disk).then(
        (engine) => engine.close().then(() => "opened"),
        (error: unknown) => (error instanceof CalybrisError ? error.code : String(error)),
      );
      expect(code, `${target.slice(0, 80)}, number ${nth}`).toMatch(
        /^(opened|CAL_JOURNAL_|CAL_ENGINE_POLICY_MISMATCH)/,
      );
      if (code !== "opened") refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(10);
});

test("an entry of any kind with two members swapped is refused, as the audit refuses it", async () => {
  const disk = await moneyJournal();
  const ofKind = new Map<string, string>();
  rewritten(disk, (data) => {
    ofKind.set(String(parseEntryHead(data)?.kind), data);
    return data;
  });
  expect([...ofKind.keys()]).toEqual(expect.arrayContaining(["genesis", "seal", "decision", "limit", "settlement"]));
  for (const [kind, target] of ofKind) {
    const members = Object.entries(parseExact(target) as object) as [string, ExactJson][];
    for (let first = 0; first + 1 < members.length; first++) {
      const [one, other] = members.slice(first, first + 2) as [[string, ExactJson], [string, ExactJson]];
      const swapped = writeExact(Object.fromEntries(members.with(first, other).with(first + 1, one)));
      const forged = rewritten(disk, (data) => (data === target ? swapped : data));
      const code = await open(forged.disk).then(
        (engine) => engine.close().then(() => "opened"),
        (error: unknown) => (error instanceof CalybrisError ? error.code : String(error)),
      );
      expect(code, `${kind}, member ${first}`).toMatch(/^CAL_JOURNAL_(?:CORRUPT|ENTRY_MALFORMED)$/);
    }
  }
});
