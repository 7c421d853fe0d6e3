import { describe, expect, test } from "vitest";
import {
  CalybrisError,
  type CheckpointTrust,
  consistencyProof,
  cosignNote,
  type DatedKey,
  formatCheckpoint,
  formatNote,
  formatSplitView,
  MerkleTree,
  type NodeSource,
  type NoteSignature,
  openCheckpoint,
  parseSplitView,
  type SplitView,
  signNote,
  verifierKey,
  verifySplitView,
} from "../../src/index.ts";
import { entryHashOf } from "./node-hash.ts";
import { signerOf, verifyOfPlatform } from "./platform-ed25519.ts";

// Goal: a checkpoint counts only the signatures that its keys could make at the time, and evidence of a split view is accepted
// exactly when the log signed two trees that cannot both be its own.

const ORIGIN = "example.org/log";
const seedOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const log = signerOf(seedOf(1));
const logKey = verifierKey(ORIGIN, "ed25519", log.publicKey);
const strangerSigner = signerOf(seedOf(9));
const people = [2, 3, 4].map((seed) => signerOf(seedOf(seed)));
const witnessKeys = people.map(({ publicKey }, at) => verifierKey(`witness-${at}.example`, "cosignature", publicKey));

/** A log whose entries from a fork on are its own. */
function branch(name: number, fork: number, size: number): { readonly root: Uint8Array; readonly nodes: NodeSource } {
  const found = new Map<string, Uint8Array>();
  const tree = new MerkleTree({ onNode: (level, index, hash) => found.set(`${level} ${index}`, hash) });
  for (let at = 1; at <= size; at++) tree.append(at, entryHashOf(at <= fork ? at : at + 1_000 * name));
  return { root: tree.root(), nodes: (level, index) => found.get(`${level} ${index}`) as Uint8Array };
}

async function noteOf(
  treeSize: number,
  root: Uint8Array,
  cosigned: readonly (readonly [witness: number, seconds: bigint])[] = [],
  by = log,
): Promise<string> {
  const text = formatCheckpoint({ origin: ORIGIN, treeSize: BigInt(treeSize), root });
  const signatures: NoteSignature[] = [await signNote(text, ORIGIN, by)];
  for (const [at, seconds] of cosigned)
    signatures.push(await cosignNote(text, `witness-${at}.example`, seconds, people[at] as typeof log));
  return formatNote({ text, signatures });
}

const witness = (at: number, dates: Partial<DatedKey> = {}): DatedKey => ({
  key: witnessKeys[at] as DatedKey["key"],
  ...dates,
});

async function outcome(note: string, trust: CheckpointTrust): Promise<string | number> {
  try {
    return (await openCheckpoint(note, trust, verifyOfPlatform)).witnesses.length;
  } catch (error) {
    if (!(error instanceof CalybrisError)) throw error;
    return error.message.replace("the checkpoint ", "").replace("the note ", "");
  }
}

describe("the keys of a checkpoint", () => {
  const { root } = branch(1, 0, 3);

  test("a quorum counts different witnesses, each within the dates of its key", async () => {
    const note = await noteOf(3, root, [
      [0, 1_000n],
      [1, 2_000n],
      [1, 2_001n],
    ]);
    const trust = (quorum: number, ...witnesses: DatedKey[]): CheckpointTrust => ({
      logs: [{ key: logKey }],
      witnesses,
      quorum,
    });
    expect(await outcome(note, trust(2, witness(0), witness(1)))).toBe(2);
    expect(await outcome(note, trust(3, witness(0), witness(1), witness(2)))).toContain("by 2 witnesses in time");
    expect(await outcome(note, trust(1, witness(0, { validFromSeconds: 1_000n })))).toBe(1);
    expect(await outcome(note, trust(1, witness(0, { validFromSeconds: 1_001n })))).toContain("by 0 witnesses");
    expect(await outcome(note, trust(1, witness(0, { validUntilSeconds: 1_001n })))).toBe(1);
    expect(await outcome(note, trust(1, witness(0, { validUntilSeconds: 1_000n })))).toContain("by 0 witnesses");
  });

  test("a witness does not replace the log, and a log does not count as a witness", async () => {
    const text = formatCheckpoint({ origin: ORIGIN, treeSize: 3n, root });
    const cosignature = await cosignNote(text, "witness-0.example", 5n, people[0] as typeof log);
    const unsigned = formatNote({ text, signatures: [cosignature] });
    expect(await outcome(unsigned, { logs: [{ key: logKey }], witnesses: [witness(0)], quorum: 0 })).toContain(
      "is not signed by a known key of example.org/log",
    );
    const asWitness = { logs: [{ key: logKey }], witnesses: [{ key: logKey }], quorum: 1 };
    expect(await outcome(await noteOf(3, root), asWitness)).toContain("by 0 witnesses");
  });

  test("a key of the log with dates needs a counted witness between them", async () => {
    const revoked = (witnesses: DatedKey[]): CheckpointTrust => ({
      logs: [{ key: logKey, validUntilSeconds: 1_000n }],
      witnesses,
      quorum: 0,
    });
    expect(await outcome(await noteOf(3, root), revoked([witness(0)]))).toContain("no trusted witness saw");
    expect(await outcome(await noteOf(3, root, [[0, 999n]]), revoked([witness(0)]))).toBe(1);
    expect(await outcome(await noteOf(3, root, [[0, 1_000n]]), revoked([witness(0)]))).toContain("no trusted witness");
    expect(await outcome(await noteOf(3, root, [[0, 999n]]), revoked([]))).toContain("no trusted witness");
    const late = [witness(0, { validUntilSeconds: 500n })];
    expect(await outcome(await noteOf(3, root, [[0, 999n]]), revoked(late))).toContain("no trusted witness");
  });

  test("one wrong signature of a known key rejects the whole", async () => {
    const note = await noteOf(3, root, [[0, 7n]]);
    const other = await noteOf(3, branch(2, 0, 3).root, [[0, 7n]]);
    const mixed = [...note.split("\n").slice(0, 5), other.split("\n")[5], ""].join("\n");
    const trust = { logs: [{ key: logKey }], witnesses: [witness(0)], quorum: 1 };
    expect(await outcome(note, trust)).toBe(1);
    expect(await outcome(mixed, trust)).toContain("has a wrong signature of witness-0.example");
  });
});

describe("a split view", () => {
  const verdict = async (evidence: SplitView): Promise<boolean> => {
    try {
      await verifySplitView(parseSplitView(formatSplitView(evidence)), [logKey], verifyOfPlatform);
      return true;
    } catch (error) {
      if (error instanceof CalybrisError) return false;
      throw error;
    }
  };

  test("is accepted for every two sizes after the fork, and for no two sizes of one history", async () => {
    const SIZE = 9;
    let [accepted, refused] = [0, 0];
    for (let fork = 0; fork < SIZE; fork += 2)
      for (let first = 1; first <= SIZE; first++)
        for (let second = first; second <= SIZE; second++) {
          const [one, other] = [branch(1, fork, first), branch(2, fork, second)];
          const proof = consistencyProof(BigInt(first), BigInt(second), other.nodes);
          const prefix = first === second ? {} : { prefix: { root: branch(2, fork, first).root, proof } };
          const evidence = {
            first: await noteOf(first, one.root),
            second: await noteOf(second, other.root),
            ...prefix,
          };
          expect([fork, first, second, await verdict(evidence)]).toEqual([fork, first, second, first > fork]);
          if (first > fork) accepted += 1;
          else refused += 1;
        }
    expect([accepted, refused]).toEqual([95, 130]);
  });

  test("is refused with any hash altered, dropped or added, without its proof, or signed by another", async () => {
    const [first, second] = [branch(1, 2, 5), branch(2, 2, 8)];
    const proof = consistencyProof(5n, 8n, second.nodes);
    const prefix = { root: branch(2, 2, 5).root, proof };
    const good = { first: await noteOf(5, first.root), second: await noteOf(8, second.root), prefix };
    expect(await verdict(good)).toBe(true);
    for (const [at, hash] of proof.entries()) {
      const flipped = hash.map((byte, place) => (place === at ? byte ^ 1 : byte));
      expect(await verdict({ ...good, prefix: { ...prefix, proof: proof.with(at, flipped) } })).toBe(false);
      expect(await verdict({ ...good, prefix: { ...prefix, proof: proof.toSpliced(at, 1) } })).toBe(false);
      expect(await verdict({ ...good, prefix: { ...prefix, proof: proof.toSpliced(at, 0, hash) } })).toBe(false);
    }
    expect(await verdict({ ...good, prefix: { ...prefix, root: first.root } })).toBe(false);
    expect(await verdict({ first: good.first, second: good.second })).toBe(false);
    expect(await verdict({ ...good, first: good.second, second: good.first })).toBe(false);
    expect(await verdict({ ...good, second: await noteOf(8, second.root, [], strangerSigner) })).toBe(false);
    const text = formatSplitView(good);
    for (const bad of [
      text.replace("split-view.v1", "split-view.v2"),
      text.replace('"first"', '"frist"'),
      text.replace('"root"', '"more":1,"root"'),
      "[]",
      "",
    ])
      expect(() => parseSplitView(bad)).toThrow(CalybrisError);
  });
});
