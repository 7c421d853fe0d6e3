import {
  nodeChain,
  nodeSha256,
  nodeSigner,
  nodeVerifyEd25519,
  pooledSigner,
  segmentNumber,
} from "@calybris/engine/internal";
import {
  type CheckpointEntry,
  entryData,
  entryDataTail,
  formatCheckpoint,
  fromHex,
  MerkleTree,
  formatNote,
  parseCheckpoint,
  parseEntryBody,
  parseEntryHead,
  parseEntryLine,
  parseNote,
  signNote,
  type VerifierKey,
  verifierKey,
} from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import { ChainAnew } from "../../engine/test/support/chain-anew.ts";
import { CommandWorld } from "../../engine/test/support/command-world.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { withTimersHeld } from "../../engine/test/support/virtual-timers.ts";
import { type AuditReport, createAudit } from "../src/index.ts";
import type { LogKeys } from "../src/tree-check.ts";

// Goal: the audit recomputes the root of every checkpoint, whatever was ordered between the size and the entry, and names what
// was established. Method: an engine's journal; lies in it by somebody who can chain anew, and holds the key or does not.

const SEED = new Uint8Array(32).fill(9);
const keyOf = (seed: Uint8Array): VerifierKey => verifierKey("example.org/log", "ed25519", nodeSigner(seed).publicKey);
const KEY = keyOf(SEED);
const chain = nodeChain();
const given = (...keys: readonly VerifierKey[]): LogKeys => ({
  keys,
  verify: (...signed) => nodeVerifyEd25519(...signed) === true,
});
let lines: readonly string[];
let checkpoints: readonly number[];

beforeAll(async () => {
  lines = await journalIn(12_000);
  checkpoints = lines.flatMap((line, index) => (line.includes('"kind":"checkpoint"') ? [index] : []));
});

function journalIn(segmentBytesMax: number): Promise<readonly string[]> {
  return withTimersHeld(async () => {
    const options = { policy: sampleSnapshot(1n), segmentBytesMax };
    const signer = { key: KEY, signer: pooledSigner(SEED) };
    const world = await CommandWorld.open({ ...options, checkpoint: { signer, everyEntries: 1_000_000 } });
    for (let index = 0; index < 60; index++) {
      const made = index % 7 === 6 ? world.engine.checkpoints.sign() : undefined;
      // These are ordered while the signer works.
      for (let more = 0; more <= index % 3; more++)
        await world.engine.decide({ inputTokens: 100, requestId: `${index}-${more}` });
      await made;
    }
    await world.engine.close();
    const names = [...world.disk.files.keys()].filter((name) => segmentNumber(name) !== undefined).sort();
    return names.flatMap(
      (name) =>
        Buffer.from(world.disk.files.get(name) ?? [])
          .toString()
          .match(/[^\n]+/g) ?? [],
    );
  });
}

function audited(of: readonly string[], logKeys?: LogKeys): AuditReport {
  const audit = createAudit({ sha256: nodeSha256, chain, logKeys });
  for (const [index, line] of of.entries()) audit.line(line.trimEnd(), { file: "journal", byteOffset: index });
  return audit.finish();
}

/** The journal with another note in one of its checkpoints, and every hash after it made to fit. */
function withNote(at: number, note: string): readonly string[] {
  const anew = new ChainAnew(chain);
  return lines.map((line, index) => {
    const { data } = parseEntryLine(line) as { readonly data: string };
    const head = parseEntryHead(data);
    if (index !== at || head === undefined) return anew.line(data);
    const body: CheckpointEntry = { kind: "checkpoint", note };
    return anew.line(
      entryData(head.sequence, head.durable, entryDataTail({ sequence: head.sequence, at: head.at, body })),
    );
  });
}

function noteAt(index: number): string {
  const { data } = parseEntryLine(lines[index] as string) as { readonly data: string };
  const body = parseEntryBody(parseEntryHead(data) as never, data, () => expect.fail());
  return (body as CheckpointEntry).note;
}

async function signed(text: string, seed: Uint8Array): Promise<string> {
  return formatNote({ text, signatures: [await signNote(text, KEY.name, nodeSigner(seed))] });
}

test("every checkpoint's root is recomputed, and with a key its signature is verified", () => {
  expect(checkpoints.length).toBeGreaterThan(4);
  const apart = checkpoints.filter((at) => parseCheckpoint(parseNote(noteAt(at)).text).treeSize < BigInt(at));
  expect(apart.length).toBeGreaterThan(0);
  const count = checkpoints.length;
  const without = audited(lines);
  expect(without).toMatchObject({
    status: "intact",
    checkpoints: { count, rootsVerified: count, signaturesVerified: 0 },
  });
  expect(without.notEstablished.join()).toContain(`signed its ${count} checkpoints: no verifier key was given`);
  const withKey = audited(lines, given(KEY));
  expect(withKey).toMatchObject({
    status: "intact",
    checkpoints: { count, rootsVerified: count, signaturesVerified: count },
  });
  expect(withKey.notEstablished.join()).not.toContain("checkpoint");
  expect(withKey.checkpoints?.latest).toMatchObject({ sequence: (checkpoints.at(-1) as number) + 1, origin: KEY.name });
});

test("checkpoints of one segment are each recomputed from the entries between them", async () => {
  const one = await journalIn(1_000_000);
  const count = one.filter((line) => line.includes('"kind":"checkpoint"')).length;
  expect(one.filter((line) => line.includes('"kind":"state"'))).toEqual([]);
  expect(count).toBe(checkpoints.length);
  expect(audited(one, given(KEY))).toMatchObject({
    status: "intact",
    checkpoints: { count, rootsVerified: count, signaturesVerified: count },
  });
});

describe("the audit calls a journal broken", () => {
  test("whose checkpoints are by another key than the one given", () => {
    const { status, findings } = audited(lines, given(keyOf(new Uint8Array(32))));
    expect(status).toBe("broken");
    expect(findings.map(({ problem, sequence }) => [problem, sequence])).toEqual(
      checkpoints.map((at) => ["checkpoint", at + 1]),
    );
  });

  test("with another root at any size, although the key signed it", async () => {
    for (const at of checkpoints.slice(0, 3)) {
      const checkpoint = parseCheckpoint(parseNote(noteAt(at)).text);
      for (const treeSize of [checkpoint.treeSize - 1n, checkpoint.treeSize + 1n]) {
        const note = await signed(formatCheckpoint({ ...checkpoint, treeSize }), SEED);
        const { findings, status } = audited(withNote(at, note), given(KEY));
        expect(status).toBe("broken");
        expect(findings[0]).toMatchObject({ sequence: at + 1, problem: "checkpoint" });
      }
    }
  });

  test("with a checkpoint of entries that come after it, or of a segment that had ended", async () => {
    const at = checkpoints.at(-1) as number;
    const checkpoint = parseCheckpoint(parseNote(noteAt(at)).text);
    for (const treeSize of [0n, 1n, BigInt(at + 1), 2n ** 52n]) {
      const note = await signed(formatCheckpoint({ ...checkpoint, treeSize }), SEED);
      const { findings } = audited(withNote(at, note), given(KEY));
      expect(findings[0]).toMatchObject({ sequence: at + 1, problem: "checkpoint", found: `${treeSize}` });
    }
  });

  test("with a checkpoint of a segment that had ended, although its root is right", async () => {
    const segment = lines.findLastIndex(
      (line, index) => line.includes('"kind":"state"') && checkpoints.some((at) => at > index),
    );
    const at = checkpoints.find((each) => each > segment) as number;
    expect(checkpoints.findLast((each) => each < segment)).toBeLessThan(segment - 2);
    const tree = new MerkleTree();
    for (const line of lines.slice(0, segment - 1)) {
      const { entryHash } = parseEntryLine(line) as { readonly entryHash: string };
      tree.append(tree.treeSize + 1, fromHex(entryHash) as Uint8Array);
    }
    const treeSize = BigInt(tree.treeSize);
    const note = await signed(formatCheckpoint({ origin: KEY.name, treeSize, root: tree.root() }), SEED);
    const { findings } = audited(withNote(at, note), given(KEY));
    expect(findings[0]).toMatchObject({ sequence: at + 1, problem: "checkpoint", found: `${treeSize}` });
  });

  test("that was rewritten before a checkpoint, by somebody who can compute every hash", () => {
    const anew = new ChainAnew(chain);
    const rewritten = lines.map((line) => {
      const { data } = parseEntryLine(line) as { readonly data: string };
      return anew.line(data.replace('"1-0"', '"1-X"'));
    });
    const changed = rewritten.findIndex((line, index) => line.trimEnd() !== lines[index]);
    expect(changed).toBeGreaterThan(0);
    const after = checkpoints.filter((at) => at > changed).map((at) => at + 1);
    expect(after.length).toBeGreaterThan(3);
    const found = audited(rewritten, given(KEY)).findings.filter(({ problem }) => problem === "checkpoint");
    expect(found.map(({ sequence }) => sequence)).toEqual(after);
  });
});
