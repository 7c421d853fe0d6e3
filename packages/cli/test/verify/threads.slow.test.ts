import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Engine } from "@calybris/engine";
import { nodeChain, segmentName } from "@calybris/engine/internal";
import { beforeAll, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { verifyLog } from "../../src/verify/verify.ts";
import { newFolder, Sandbox } from "../support/sample-files.ts";
import { logFiles } from "../../src/journal/log-lines.ts";
import { logRanges } from "../../src/verify/log-ranges.ts";
import { auditInRanges } from "../../src/verify/range-threads.ts";
import { ATTACKS, type Attack, type Journal, KEY, KEY_FILE, madeJournal, TRUST } from "./attack-journals.ts";

// Goal: `verify` on several threads reports what it reports on one, of good journals and of broken ones.
// Method: real threads over the same files, each damaged in one way. `audit/test/ranges.test.ts` tries many more ways without threads.

const SEGMENT_BYTES = 64 * 1024;
const files = new Sandbox();
const key = files.writeKey("journal.key", 7);
let plain: string;
let keyed: string;

beforeAll(async () => {
  plain = await made();
  keyed = await made(new Uint8Array(32).fill(7));
});

async function made(secret?: Uint8Array): Promise<string> {
  const directory = `${newFolder()}/journal`;
  const policy = sampleSnapshot();
  const engine = await Engine.open({ directory, policy, key: secret, segmentBytesMax: SEGMENT_BYTES });
  for (let turn = 0; turn < 3; turn++) {
    const requests = Array.from({ length: 100 }, (_, at) => ({ requestId: `${turn}-${at}`, inputTokens: 1 + at }));
    await Promise.all(requests.map((request) => engine.decide(request)));
    await engine.setPolicy(sampleSnapshot(8n + BigInt(turn)));
  }
  await engine.close();
  return directory;
}

/** A thread that fails leads to the same report, by an audit on one thread. */
function failed(problem: string): never {
  throw new Error(problem);
}

async function same(directory: string, keyFile?: string): Promise<string> {
  const [one, three] = [
    await verifyLog(directory, { keyFile, threads: 1 }),
    await verifyLog(directory, { keyFile, threads: 3, complain: failed }),
  ];
  expect(three).toEqual(one);
  return three.status;
}

test("a good journal, plain and keyed, is reported alike", async () => {
  for (const [directory, keyFile] of [
    [plain, undefined],
    [keyed, key],
  ] as const) {
    const ranges = logRanges(directory, logFiles(directory), 3);
    expect(ranges).toHaveLength(3);
    const secret = keyFile === undefined ? undefined : new Uint8Array(32).fill(7);
    const data = {
      directory,
      key: secret,
      heads: [],
      trees: [],
      trust: undefined,
      changeSigners: undefined,
      drawSeed: undefined,
      isProven: true,
    };
    const found = await auditInRanges(ranges, { isKeyed: secret !== undefined }, data, () => undefined, failed);
    // Not by one audit of the whole.
    expect(found?.report.status).toBe("intact");
    expect(found?.prove()?.conserved).toBe(true);
    expect(await same(directory, keyFile)).toBe("intact");
  }
});

test("a damaged journal is reported alike, with the same findings", async () => {
  const segment = `${plain}/${segmentName(2)}`;
  const bytes = readFileSync(segment);
  const damaged = (text: string): void => writeFileSync(segment, text, "latin1");
  const text = bytes.toString("latin1");
  const lines = text.split("\n");
  damaged(text.replace('"inputTokens":5', '"inputTokens":6'));
  expect(await same(plain)).toBe("broken");
  damaged(lines.toSpliced(9, 1).join("\n"));
  expect(await same(plain)).toBe("broken");
  damaged(`${lines.slice(0, 9).join("\n")}\n${"x".repeat(3 * 1024 * 1024)}\n${lines.slice(9).join("\n")}`);
  expect(await same(plain)).toBe("broken");
  rmSync(segment);
  expect(await same(plain)).toBe("broken");
  writeFileSync(segment, bytes);
  expect(await same(plain)).toBe("intact");
  const last = `${plain}/${segmentName(1)}`;
  const first = readFileSync(last);
  appendFileSync(last, '{"sequence":');
  expect(await same(plain)).toBe("broken");
  writeFileSync(last, first);
});

test("every attack of the threat model is reported alike, and so is a snapshot that was replaced", async () => {
  const [attacked, other] = [await madeJournal(KEY, "ours"), await madeJournal(undefined, "another")];
  const journals = [await madeJournal(undefined, "ours"), attacked];
  let inRanges = 0;
  const tried = async (journal: Journal, name: string, attack: Attack): Promise<string> => {
    const directory = `${newFolder()}/journal`;
    cpSync(journal.directory, directory, { recursive: true });
    attack(directory, journal.chain, other.directory);
    const given =
      journal === attacked ? { keyFile: KEY_FILE } : { head: journal.head, checkpoint: [journal.note], trust: TRUST };
    const one = await verifyLog(directory, { ...given, threads: 1 });
    expect({ name, report: await verifyLog(directory, { ...given, threads: 3 }) }).toEqual({ name, report: one });
    if (logRanges(directory, logFiles(directory), 3).length > 1) inRanges += 1;
    return one.status;
  };
  for (const journal of journals) {
    expect(await tried(journal, "none", () => undefined)).toBe("intact");
    for (const [name, attack] of Object.entries(ATTACKS)) await tried(journal, name, attack);
    for (const [name, attack] of Object.entries(SNAPSHOT_ATTACKS))
      expect(await tried(journal, name, attack)).toBe("intact");
  }
  expect(inRanges).toBeGreaterThan(20);
});

/** An audit of the whole reads no snapshot, so that none of these makes a difference. */
const SNAPSHOT_ATTACKS: Readonly<Record<string, Attack>> = {
  "replaces every snapshot with the newest": (directory) => {
    const all = snapshotsOf(directory);
    for (const file of all) writeFileSync(file, readFileSync(all.at(-1) as string));
  },
  "replaces the snapshots with those of another journal": (directory, _chain, other) => {
    const foreign = snapshotsOf(other);
    for (const [at, file] of snapshotsOf(directory).entries())
      writeFileSync(file, readFileSync(foreign[at] ?? (foreign[0] as string)));
  },
  "changes a balance in every snapshot": (directory) => {
    for (const file of snapshotsOf(directory))
      writeFileSync(
        file,
        readFileSync(file, "utf8").replace(/"balances":\[(\d+)/, (_, granted) => `"balances":[${Number(granted) + 1}`),
      );
  },
  "cuts every snapshot off": (directory) => {
    for (const file of snapshotsOf(directory)) writeFileSync(file, readFileSync(file).subarray(0, 300));
  },
};

function snapshotsOf(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => name.startsWith("snapshot-"));
  return names.sort().map((name) => `${directory}/${name}`);
}

test("a log of the published core, and an empty file, are reported alike", async () => {
  const data = '{"anything":1}';
  const hash = nodeChain()("genesis", Buffer.from(data));
  const line = `{"sequence": 1, "previous_hash": "genesis", "entry_hash": "${hash}", "data": ${data}}\n`;
  expect(await same(files.write("foreign.jsonl", line))).toBe("incomplete");
  expect(await same(files.write("empty.jsonl", ""))).toBe("incomplete");
});
