import { nodeSha256 } from "@calybris/engine";
import { nodeChain } from "@calybris/engine/internal";
import { parseEntryLine, plainChain, wasmKernel } from "@calybris/kernel";
import { expect, test } from "vitest";
import { ChainAnew } from "../../engine/test/support/chain-anew.ts";
import { type AuditReport, createAudit, EntryPart, TreePart } from "../src/index.ts";
import { seededChance } from "./histories/chance.ts";
import { historyOf } from "./histories/history.ts";
import { runHistory } from "./histories/run-history.ts";
import { governedJournal } from "./learning-journal.ts";
import { liesOf } from "./lies/members.ts";
import { linesOf } from "./money-workload.ts";
import { chainData } from "./small-journal.ts";

// Goal: an audit in parts, each of which may run in a thread of its own, establishes what one whole audit does: the same report of
// what is intact, and no report of anything else.
// Method: honest histories with changes of policy, learning and money, and the same with lies planted and chained anew, bits
// flipped, and lines dropped, doubled and exchanged. Batches have random lengths.

const chain = plainChain(nodeSha256);
const bytesOf = (lines: readonly string[]): readonly Uint8Array[] => lines.map((line) => Buffer.from(line.trimEnd()));
const place = (index: number) => ({ file: "journal", byteOffset: index });

function whole(lines: readonly Uint8Array[]): AuditReport {
  const audit = createAudit({ sha256: nodeSha256, chain: nodeChain(), kernelFor: wasmKernel });
  for (const [index, line] of lines.entries()) audit.line(line, place(index));
  return audit.finish();
}

/** `undefined` unless every part says that all is well. */
function inParts(lines: readonly Uint8Array[], chance: (limit: number) => number): AuditReport | undefined {
  const options = { sha256: nodeSha256, chain: nodeChain(), kernelFor: wasmKernel };
  const order = createAudit({ ...options, part: "order" });
  const tree = new TreePart(nodeSha256);
  // Two threads that take batches in turn: what one knows of a policy is not what the other knows.
  const threads = [new EntryPart(options), new EntryPart(options)];
  let [left, turn, isGood] = [0, 0, true];
  let policy: Uint8Array | undefined;
  let { policyId } = order.state();
  for (const [index, line] of lines.entries()) {
    const entries = () => threads[turn % 2] as EntryPart;
    if (left === 0) {
      turn += 1;
      left = 1 + chance(7);
      isGood = entries().begin(policy) && isGood;
    }
    left -= 1;
    isGood = entries().line(line) && tree.line(line) && isGood;
    order.line(line, place(index));
    if (order.state().policyId !== policyId) policy = line;
    ({ policyId } = order.state());
  }
  if (!isGood || !order.isClean()) return undefined;
  const report = order.finish();
  return report.status === "intact" ? report : undefined;
}

function compare(lines: readonly Uint8Array[], chance: (limit: number) => number, what: string): boolean {
  const expected = whole(lines);
  const found = inParts(lines, chance);
  expect({ what, found }).toEqual({ what, found: expected.status === "intact" ? expected : undefined });
  return expected.status === "intact";
}

test("honest histories are intact in parts as they are as a whole, with the same report", async () => {
  const journals = [chainData(await governedJournal())];
  for (const seed of [1]) journals.push(linesOf((await runHistory(historyOf(seed))).disk));
  for (const [at, lines] of journals.entries()) {
    const chance = seededChance(at);
    for (let turn = 0; turn < 2; turn++) expect(compare(bytesOf(lines), chance, `journal ${at}`)).toBe(true);
  }
});

test("whatever a whole audit finds in a journal that was altered, the parts do not call intact", async () => {
  const lines = linesOf((await runHistory(historyOf(5))).disk);
  const chance = seededChance(11);
  const datas = lines.map((line) => parseEntryLine(line)?.data ?? "");
  let [intact, other] = [0, 0];
  const tried = (altered: readonly Uint8Array[], what: string): void => {
    if (compare(altered, chance, what)) intact += 1;
    else other += 1;
  };
  for (let turn = 0; turn < 14; turn++) {
    const at = chance(lines.length);
    const lies = liesOf(datas[at] as string);
    const lie = lies[chance(lies.length)];
    if (lie === undefined) continue;
    const anew = new ChainAnew(chain);
    const lying = datas.map((data, index) => anew.line(index === at ? lie.data : data, index === at));
    tried(bytesOf(lying), `entry ${at + 1}: ${lie.member} ${lie.what}`);
  }
  for (let turn = 0; turn < 10; turn++) {
    const bytes = bytesOf(lines).map((line) => new Uint8Array(line));
    const at = chance(bytes.length);
    const line = bytes[at] as Uint8Array;
    const bit = chance(line.byteLength * 8);
    line[bit >> 3] = (line[bit >> 3] as number) ^ (1 << (bit & 7));
    tried(bytes, `entry ${at + 1}: bit ${bit}`);
  }
  for (let turn = 0; turn < 3; turn++) {
    const [at, to] = [chance(lines.length), chance(lines.length)];
    const bytes = bytesOf(lines);
    tried(bytes.toSpliced(at, 1), `entry ${at + 1} dropped`);
    tried(bytes.toSpliced(at, 0, bytes[at] as Uint8Array), `entry ${at + 1} twice`);
    tried(bytes.with(at, bytes[to] as Uint8Array), `entry ${to + 1} as entry ${at + 1}`);
    tried(bytes.slice(0, at + 1), `cut after entry ${at + 1}`);
  }
  // An id that a client chose follows from nothing: only the hash shows that it was altered.
  const named = lines.findIndex((line) => line.includes('"kind":"decision"') && line.includes('"id":"'));
  expect(named).toBeGreaterThan(0);
  tried(bytesOf(lines.with(named, (lines[named] as string).replace('"id":"', '"id":"x'))), "an id of a client");
  const states = datas.flatMap((data, at) => (data.includes('"treeRoot":"') ? [at] : []));
  expect(states.length).toBeGreaterThan(0);
  for (const at of states.slice(0, 2)) {
    const anew = new ChainAnew(chain);
    const lie = (data: string): string => data.replace(/"treeRoot":"[0-9a-f]{64}"/, `"treeRoot":"${"0".repeat(64)}"`);
    tried(bytesOf(datas.map((data, to) => anew.line(to === at ? lie(data) : data, to === at))), "a root of the tree");
  }
  expect(other).toBeGreaterThan(20);
  expect(intact).toBeGreaterThan(2);
});
