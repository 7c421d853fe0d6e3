import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Engine } from "@calybris/engine";
import { nodeChain, segmentName } from "@calybris/engine/internal";
import { beforeAll, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { verifyLog } from "../../src/verify/verify.ts";
import { newFolder, Sandbox } from "../support/sample-files.ts";

// Goal: `verify` on several threads reports what it reports on one, of good journals and of broken ones.
// Method: real threads over the same files, each damaged in one way. `audit/test/parts.test.ts` tries many more ways without threads.

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

async function same(directory: string, keyFile?: string): Promise<string> {
  const [one, three] = [
    await verifyLog(directory, { keyFile, threads: 1 }),
    await verifyLog(directory, { keyFile, threads: 3 }),
  ];
  expect(three).toEqual(one);
  return three.status;
}

test("a good journal, plain and keyed, is reported alike", async () => {
  expect(await same(plain)).toBe("intact");
  expect(await same(keyed, key)).toBe("intact");
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

test("a log of the published core, and an empty file, are reported alike", async () => {
  const data = '{"anything":1}';
  const hash = nodeChain()("genesis", Buffer.from(data));
  const line = `{"sequence": 1, "previous_hash": "genesis", "entry_hash": "${hash}", "data": ${data}}\n`;
  expect(await same(files.write("foreign.jsonl", line))).toBe("incomplete");
  expect(await same(files.write("empty.jsonl", ""))).toBe("incomplete");
});
